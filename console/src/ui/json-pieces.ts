/** JSON text, laid out for people and taken apart into what has a colour of its own: exactly as it is, to the last digit. */

export interface Piece {
  kind: "plain" | "name" | "text" | "number" | "word";
  text: string;
}

const COLOURED = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

/** Texts in quotes, marks, and everything else that has no space in it. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/**
 * Lays JSON out, two spaces a level; undefined where the text is none.
 *
 * It moves what stands there and reads no value: this language would make other numbers of large ones.
 */
export function laidOut(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  let depth = 0;
  let before = "";
  const out: string[] = [];
  for (const [token] of text.matchAll(TOKENS)) {
    const isEnd = token === "}" || token === "]";
    const follows = before === "{" || before === "[";
    if (isEnd) depth -= 1;
    if (isEnd ? !follows : follows || before === ",") out.push("\n", "  ".repeat(depth));
    else if (before === ":") out.push(" ");
    out.push(token);
    if (token === "{" || token === "[") depth += 1;
    before = token;
  }
  return out.join("");
}

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const found of text.matchAll(COLOURED)) {
    if (found.index > at) pieces.push({ kind: "plain", text: text.slice(at, found.index) });
    const [whole, quoted, colon] = found;
    if (quoted !== undefined) {
      pieces.push({ kind: colon === undefined ? "text" : "name", text: quoted });
      if (colon !== undefined) pieces.push({ kind: "plain", text: colon });
    } else {
      pieces.push({ kind: /^[tfn]/.test(whole) ? "word" : "number", text: whole });
    }
    at = found.index + whole.length;
  }
  if (at < text.length) pieces.push({ kind: "plain", text: text.slice(at) });
  return pieces;
}
