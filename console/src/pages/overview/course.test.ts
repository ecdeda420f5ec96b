import { expect, it } from "vitest";
import { courseOf, hasJustBegun, oldestOf, presentIn, standingsWith } from "./course";

const MINUTE = 60_000;

it("has a place for each minute, and measures the last one by what has passed of it", () => {
  const minute = { at_ms: 2 * MINUTE, delivered: 30, failed: 15, p50_ms: 1, p95_ms: 2, p99_ms: 3 };
  const course = courseOf([minute], MINUTE - 1, 2 * MINUTE + 15_000);
  expect(course.timesMs).toEqual([MINUTE, 2 * MINUTE]);
  expect(course.delivered).toEqual([0, 2]);
  expect(course.failed).toEqual([0, 1]);
  expect(course.p95).toEqual([null, 2]);
});

it("adds what is new, and nothing twice", () => {
  const depth = (records: number, oldest: number | null) => ({ topic: "t", records, oldest_at_ms: oldest });
  const seen = {
    at_ms: 5,
    stream: [depth(1, 9)],
    egress: [depth(2, 4), depth(3, null)],
    tiers: [],
    dead_letters: 0,
  };
  const once = standingsWith([], seen);
  expect(once).toEqual([{ atMs: 5, stream: 1, egress: 5, tiers: 0 }]);
  expect(standingsWith(once, seen)).toBe(once);
  expect(oldestOf(seen.egress)).toBe(4);
  expect(oldestOf(seen.tiers)).toBeNull();
});

it.each([
  [[], false],
  [[46], true],
  [[44, 59], false],
])("an hour with attempts in the minutes %j has just begun: %s", (minutes, begun) => {
  const some = { delivered: 1, failed: 0, p50_ms: 1, p95_ms: 1, p99_ms: 1 };
  const hour = { since_ms: 0, minutes: minutes.map((minute) => ({ ...some, at_ms: minute * MINUTE })) };
  expect(hasJustBegun(hour)).toBe(begun);
});

it.each([
  [14.5 * MINUTE, 14.5 * MINUTE],
  [60 * MINUTE, 15 * MINUTE - 1],
  [0, 14 * MINUTE],
])("a browser's clock at %i is in the last minute at %i", (nowMs, presentMs) => {
  expect(presentIn(0, 15, nowMs)).toBe(presentMs);
});
