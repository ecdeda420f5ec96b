import { expect, it } from "vitest";
import { spansOf } from "./spans";

it("has every span, nothing where nothing happened", () => {
  const half = 30 * 60_000;
  expect(spansOf([{ at_ms: 1000 + half, delivered: 3, failed: 1 }], 1000, half, 2)).toEqual({
    timesMs: [1000, 1000 + half, 1000 + 2 * half, 1000 + 3 * half],
    delivered: [0, 3, 0, 0],
    failed: [0, 1, 0, 0],
  });
});
