import { expect, it } from "vitest";
import { barsOf } from "./recent-hours";

const HOUR = 3_600_000;
const NOW = 100 * HOUR + 5;

function heights(counted: Parameters<typeof barsOf>[0]): [number, number][] {
  return barsOf(counted, NOW, 3, 20).map((bar) => [bar.delivered, bar.failed]);
}

it("has a bar for each hour, empty where nothing happened", () => {
  expect(barsOf([], NOW, 3, 20).map((bar) => bar.atMs)).toEqual([98 * HOUR, 99 * HOUR, 100 * HOUR]);
  expect(heights([])).toEqual([
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
});

it("is as high as there were attempts, the busiest hour at full height, and parted by what failed", () => {
  expect(
    heights([
      { at_ms: 98 * HOUR, attempts: 100, failed: 50 },
      { at_ms: 100 * HOUR, attempts: 50, failed: 0 },
    ]),
  ).toEqual([
    [10, 10],
    [0, 0],
    [10, 0],
  ]);
});

it("lets one failure among thousands, and one attempt beside thousands, be seen", () => {
  expect(
    heights([
      { at_ms: 99 * HOUR, attempts: 10_000, failed: 1 },
      { at_ms: 100 * HOUR, attempts: 1, failed: 1 },
    ]),
  ).toEqual([
    [0, 0],
    [18, 2],
    [0, 2],
  ]);
});
