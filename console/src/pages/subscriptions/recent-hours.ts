/** The heights of the bars that show how attempts went, hour by hour. Pure. */

const HOUR_MS = 3_600_000;
const LEAST = 2;

export interface Bar {
  atMs: number;
  /** Heights, in the units of `height`. */
  delivered: number;
  failed: number;
}

interface Hour {
  at_ms: number;
  attempts: number;
  failed: number;
}

/**
 * Gives a bar for each of the last hours, the present one with them; the busiest has the full height.
 *
 * One failure among thousands is seen, too: what there is any of has at least two units.
 */
export function barsOf(counted: readonly Hour[], nowMs: number, hours: number, height: number): Bar[] {
  const last = Math.floor(nowMs / HOUR_MS);
  const byHour = new Map(counted.map((hour) => [Math.floor(hour.at_ms / HOUR_MS), hour]));
  const most = Math.max(1, ...counted.map((hour) => hour.attempts));
  return Array.from({ length: hours }, (_, place) => {
    const at = last - hours + 1 + place;
    const hour = byHour.get(at);
    const attempts = hour?.attempts ?? 0;
    const whole = attempts ? Math.max(LEAST, Math.round((attempts / most) * height)) : 0;
    const share = attempts ? (hour?.failed ?? 0) / attempts : 0;
    const failed = share > 0 ? Math.min(whole, Math.max(LEAST, Math.round(share * whole))) : 0;
    return { atMs: at * HOUR_MS, delivered: whole - failed, failed };
  });
}
