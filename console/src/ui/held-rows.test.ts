import { expect, it } from "vitest";
import { heldRows } from "./held-rows";

const row = (id: string, state = "begun") => ({ id, state });
const keyOf = ({ id }: { id: string }) => id;
const SEEN = [row("b"), row("a")];

it("shows what there is while nobody points at it", () => {
  expect(heldRows(undefined, SEEN, keyOf)).toEqual({ rows: SEEN, came: 0, atLeast: false });
});

it("keeps rows in their places, each as it is now, and counts those that came", () => {
  const present = [row("d"), row("c"), row("b", "delivered"), row("a")];
  expect(heldRows(SEEN, present, keyOf)).toEqual({
    rows: [row("b", "delivered"), row("a")],
    came: 2,
    atLeast: false,
  });
});

it("keeps what has left the list", () => {
  expect(heldRows(SEEN, [row("c"), row("b")], keyOf)).toEqual({ rows: SEEN, came: 1, atLeast: false });
});

it("tells that more may have come than the list has room for", () => {
  expect(heldRows(SEEN, [row("d"), row("c")], keyOf)).toEqual({ rows: SEEN, came: 2, atLeast: true });
});
