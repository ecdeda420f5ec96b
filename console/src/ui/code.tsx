/** Texts of programs: JSON is laid out and coloured, everything can be copied, long lines scroll. */
import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "./copy";
import { bytes } from "./format";
import { laidOut, type Piece, piecesOf } from "./json-pieces";

const SHOWN_CHARS = 100_000;

interface Props {
  text: string;
  /** What it is, for screen readers and the copy button. */
  label: string;
  /** Lay it out as JSON, if it is JSON. */
  json?: boolean;
}

export function Code({ text, label, json = true }: Props) {
  const [all, setAll] = useState(false);
  const { whole, pieces } = useMemo(() => {
    const found = json ? laidOut(text) : undefined;
    const whole = found ?? text;
    const shown = all ? whole : whole.slice(0, SHOWN_CHARS);
    const plain: Piece = { kind: "plain", text: shown };
    return { whole, pieces: found === undefined ? [plain] : piecesOf(shown) };
  }, [text, json, all]);
  return (
    <figure class="code" aria-label={label}>
      <CopyButton text={whole} label={label} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <pre tabIndex={0}>
        {pieces.map((piece, place) =>
          piece.kind === "plain" ? (
            piece.text
          ) : (
            <span key={place} class={`code-${piece.kind}`}>
              {piece.text}
            </span>
          ),
        )}
      </pre>
      {!all && whole.length > SHOWN_CHARS && (
        <button type="button" class="button button-quiet" onClick={() => setAll(true)}>
          Show all {bytes(whole.length)}
        </button>
      )}
    </figure>
  );
}
