import { expect, it } from "vitest";
import { laidOut, piecesOf } from "./json-pieces";

const kinds = (text: string) =>
  piecesOf(text)
    .filter((piece) => piece.kind !== "plain")
    .map((piece) => [piece.kind, piece.text]);

it("tells names, texts, numbers and words apart", () => {
  expect(kinds('{"a": "b", "n": -1.5e3, "t": true, "z": null}')).toEqual([
    ["name", '"a"'],
    ["text", '"b"'],
    ["name", '"n"'],
    ["number", "-1.5e3"],
    ["name", '"t"'],
    ["word", "true"],
    ["name", '"z"'],
    ["word", "null"],
  ]);
});

it("takes no part of a text for something else", () => {
  expect(kinds('["say \\"true\\": 1"]')).toEqual([["text", '"say \\"true\\": 1"']]);
});

it.each(['{"a": [1, "x"]}', "no JSON at all: 12 true", '"never ends', ""])("loses nothing of %j", (text) =>
  expect(
    piecesOf(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text),
);

it.each([
  ['{"a":[1,{"b":"x, {y}: \\"z\\""}],"c":{},"d":[]}'],
  ["[[],[[]],null,true,-1.5]"],
  ['"alone"'],
  ["{}"],
])("lays %s out as everybody does", (text) => {
  expect(laidOut(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
});

it("leaves each number as it was written", () => {
  expect(laidOut('{"id": 12345678901234567890, "sum":1.10, "big":1E400}')).toBe(
    '{\n  "id": 12345678901234567890,\n  "sum": 1.10,\n  "big": 1E400\n}',
  );
});

it.each(["", "no JSON", '{"a": }'])("does not lay out %j", (text) => {
  expect(laidOut(text)).toBeUndefined();
});
