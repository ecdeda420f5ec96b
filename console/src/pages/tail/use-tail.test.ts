import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { KEPT, newestOf } from "./use-tail";

const came = (...ids: string[]) => ids.map((id) => ({ delivery_id: id }) as Schemas["TailAttemptView"]);

it("has the newest first, each with a number of its own", () => {
  const first = newestOf([], came("a", "b"), 0);
  const second = newestOf(first, came("c"), 2);
  expect(second.map((one) => [one.delivery_id, one.number])).toEqual([
    ["c", 2],
    ["b", 1],
    ["a", 0],
  ]);
});

it("forgets the oldest", () => {
  const many = newestOf([], came(...Array.from({ length: KEPT + 5 }, (_, place) => String(place))), 0);
  expect([many.length, many[0]?.delivery_id, many.at(-1)?.delivery_id]).toEqual([
    KEPT,
    String(KEPT + 4),
    "5",
  ]);
});
