/** Numbers, durations and times as people read them. Times are milliseconds since the epoch. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const withTenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const moment = new Intl.DateTimeFormat("en-GB", {
  year: "numeric",
  month: "short",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});
const date = new Intl.DateTimeFormat("en-GB", { month: "short", day: "2-digit" });
const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** 12,345 */
export function count(value: number): string {
  return whole.format(value);
}

/** 12.3K: where there is little room. */
export function brief(value: number): string {
  return Math.abs(value) < 1000 ? withTenths.format(value) : compact.format(value);
}

/** 0.4/s, 120/s, 3/min: what there is any of is not rounded to nothing. */
export function perSecond(value: number): string {
  if (value > 0 && value < 0.1)
    return value * 60 < 0.1 ? "under 0.1/min" : `${withTenths.format(value * 60)}/min`;
  return `${value >= 10 ? whole.format(value) : withTenths.format(value)}/s`;
}

/** 99.95 %: never rounded up to all, nor down to nothing. */
export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "under 0.1 %";
  const floored = Math.floor(share * 10_000) / 100;
  return `${floored >= 99 && floored < 100 ? floored.toFixed(2) : withTenths.format(floored)} %`;
}

/** 850 ms, 1.2 s, 3 min, 5 h, 2 d */
export function duration(ms: number): string {
  if (ms < SECOND) return `${whole.format(ms)} ms`;
  if (ms < MINUTE) return `${withTenths.format(ms / SECOND)} s`;
  if (ms < HOUR) return `${whole.format(Math.floor(ms / MINUTE))} min`;
  if (ms < 2 * DAY) return `${withTenths.format(Math.floor((ms / HOUR) * 10) / 10)} h`;
  return `${withTenths.format(Math.floor((ms / DAY) * 10) / 10)} d`;
}

/** 512 B, 3.4 KB, 1.2 GB */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  let left = value;
  while (left >= 1000 && unit < units.length - 1) {
    left /= 1000;
    unit += 1;
  }
  return `${withTenths.format(left)} ${units[unit]}`;
}

/** "just now", "5 s ago", "in 2 h" */
export function relative(atMs: number, nowMs: number): string {
  const away = Math.abs(atMs - nowMs);
  if (away < SECOND) return "just now";
  const distance = away < MINUTE ? `${Math.floor(away / SECOND)} s` : duration(away);
  return atMs < nowMs ? `${distance} ago` : `in ${distance}`;
}

/** 26 Nov 2026, 04:14:31 UTC, in the time zone of who looks. */
export function absolute(atMs: number): string {
  return moment.format(atMs);
}

/** 26 Nov */
export function day(atMs: number): string {
  return date.format(atMs);
}

/** 04:14:31 */
export function timeOfDay(atMs: number): string {
  return clock.format(atMs);
}

/** "1 attempt", "3 attempts" */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "attempts_exhausted" → "attempts exhausted" */
export function words(code: string): string {
  return code.replaceAll("_", " ");
}
