/** What the overview's charts are drawn from. */
import type { Schemas } from "../../api/client";

const MINUTE_MS = 60_000;

export interface Course {
  timesMs: number[];
  delivered: number[];
  failed: number[];
  p50: (number | null)[];
  p95: (number | null)[];
  p99: (number | null)[];
}

/** Gives attempts a second and durations for each minute of a time, also for those in which there was none. */
export function courseOf(minutes: readonly Schemas["MinuteView"][], sinceMs: number, nowMs: number): Course {
  const known = new Map(minutes.map((minute) => [minute.at_ms, minute]));
  const course: Course = { timesMs: [], delivered: [], failed: [], p50: [], p95: [], p99: [] };
  for (let atMs = Math.ceil(sinceMs / MINUTE_MS) * MINUTE_MS; atMs <= nowMs; atMs += MINUTE_MS) {
    const minute = known.get(atMs);
    // The minute that is not over yet is measured by what has passed of it.
    const seconds = Math.max(1, Math.min(MINUTE_MS, nowMs - atMs) / 1000);
    course.timesMs.push(atMs);
    course.delivered.push((minute?.delivered ?? 0) / seconds);
    course.failed.push((minute?.failed ?? 0) / seconds);
    course.p50.push(minute?.p50_ms ?? null);
    course.p95.push(minute?.p95_ms ?? null);
    course.p99.push(minute?.p99_ms ?? null);
  }
  return course;
}

/** Gives the present by the browser's clock, but never outside of the last of these minutes, which the console's clock has told. */
export function presentIn(sinceMs: number, minutes: number, nowMs: number): number {
  const endMs = sinceMs + minutes * MINUTE_MS;
  return Math.min(endMs - 1, Math.max(endMs - MINUTE_MS, nowMs));
}

const BEGINNING_MS = 15 * MINUTE_MS;

/** Tells whether all of an hour's attempts are of its last quarter: they would be one line at the chart's edge. */
export function hasJustBegun({
  minutes,
  since_ms: sinceMs,
}: Pick<Schemas["StatsView"], "minutes" | "since_ms">): boolean {
  const first = minutes[0];
  return first !== undefined && first.at_ms > sinceMs + 60 * MINUTE_MS - BEGINNING_MS;
}

/** How much waits, and where, at one moment. */
export interface Standing {
  atMs: number;
  stream: number;
  egress: number;
  tiers: number;
}

const KEPT = 720;

/** Adds what was just seen to what was seen before; the API tells of the present only. */
export function standingsWith(
  before: readonly Standing[],
  seen: Schemas["StandingView"],
): readonly Standing[] {
  if (before.at(-1)?.atMs === seen.at_ms) return before;
  const standing = {
    atMs: seen.at_ms,
    stream: recordsOf(seen.stream),
    egress: recordsOf(seen.egress),
    tiers: recordsOf(seen.tiers),
  };
  return [...before, standing].slice(-KEPT);
}

/** Gives how many records wait in some topics. */
export function recordsOf(depths: readonly Schemas["DepthView"][]): number {
  return depths.reduce((sum, depth) => sum + depth.records, 0);
}

/** Gives when the oldest record that waits in some topics was written; null where none waits. */
export function oldestOf(depths: readonly Schemas["DepthView"][]): number | null {
  const times = depths.map((depth) => depth.oldest_at_ms).filter((atMs) => atMs !== null);
  return times.length === 0 ? null : Math.min(...times);
}
