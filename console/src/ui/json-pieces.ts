/** Takes JSON text that is laid out apart into what has a colour of its own. */

export interface Piece {
  kind: "plain" | "name" | "text" | "number" | "word";
  text: string;
}

const COLOURED = /("(?:[^"\\]|\\.)*")(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\b(?:true|false|null)\b/g;

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
