/** Texts of programs: JSON is laid out and coloured, everything can be copied, long lines scroll. */
import { useMemo, useState } from "preact/hooks";
import { CopyButton } from "./copy";
import { bytes } from "./format";
import { type Piece, piecesOf } from "./json-pieces";

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
  const { laidOut, pieces } = useMemo(() => {
    const laidOut = json ? pretty(text) : text;
    const shown = all ? laidOut : laidOut.slice(0, SHOWN_CHARS);
    return {
      laidOut,
      pieces: json && laidOut !== text ? piecesOf(shown) : [{ kind: "plain", text: shown } as Piece],
    };
  }, [text, json, all]);
  return (
    <figure class="code" aria-label={label}>
      <CopyButton text={laidOut} label={label} />
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
      {!all && laidOut.length > SHOWN_CHARS && (
        <button type="button" class="button button-quiet" onClick={() => setAll(true)}>
          Show all {bytes(laidOut.length)}
        </button>
      )}
    </figure>
  );
}

function pretty(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    // A number that this language does not hold exactly must not be shown as another one.
    return /\d{16}/.test(text) ? text : JSON.stringify(value, null, 2);
  } catch {
    return text;
  }
}
