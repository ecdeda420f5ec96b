/** The spans of a chart over time, with those in which nothing happened. Pure. */

interface Span {
  at_ms: number;
  delivered: number;
  failed: number;
}

export interface Lines {
  timesMs: number[];
  delivered: number[];
  failed: number[];
}

/** Gives each span from `sinceMs` on, for some hours; the API leaves out those without any attempt. */
export function spansOf(spans: readonly Span[], sinceMs: number, spanMs: number, hours: number): Lines {
  const byTime = new Map(spans.map((span) => [span.at_ms, span]));
  const timesMs = Array.from(
    { length: Math.round((hours * 3_600_000) / spanMs) },
    (_, place) => sinceMs + place * spanMs,
  );
  return {
    timesMs,
    delivered: timesMs.map((atMs) => byTime.get(atMs)?.delivered ?? 0),
    failed: timesMs.map((atMs) => byTime.get(atMs)?.failed ?? 0),
  };
}
