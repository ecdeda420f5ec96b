/** What a form says is to be replayed, and the request for it. Pure. */
import type { Schemas } from "../../api/client";

type ReplayRequest = Schemas["ReplayRequest"];
type Status = NonNullable<ReplayRequest["statuses"]>[number];

export const SPANS = [
  { value: "1h", label: "1 hour", ms: 3_600_000 },
  { value: "24h", label: "24 hours", ms: 86_400_000 },
  { value: "7d", label: "7 days", ms: 7 * 86_400_000 },
  { value: "own", label: "From … to …", ms: 0 },
] as const;

export type Span = (typeof SPANS)[number]["value"];

export interface Choice {
  toAll: boolean;
  /** Ids, as they are typed. */
  subscriptions: string;
  span: Span;
  /** As an input of the type datetime-local has them, in the time zone of who looks; empty: now. */
  from: string;
  to: string;
  eventTypes: string;
  tenants: string;
  statuses: Status[];
  filter: string;
  /** Deliveries a second; empty: as fast as it goes. */
  rate: string;
}

export function emptyChoice(subscription: string): Choice {
  return {
    toAll: false,
    subscriptions: subscription,
    span: "24h",
    from: "",
    to: "",
    eventTypes: "",
    tenants: "",
    statuses: [],
    filter: "",
    rate: "500",
  };
}

/** Says what is missing or can't be understood, by field; nothing where it can be asked for. */
export function choiceErrors(choice: Choice): Partial<Record<keyof Choice, string>> {
  const errors: Partial<Record<keyof Choice, string>> = {};
  if (!choice.toAll && listOf(choice.subscriptions).length === 0)
    errors.subscriptions = "Name at least one, or choose all";
  if (choice.span === "own" && timeOf(choice.from) === undefined) errors.from = "Say from when on";
  if (choice.rate.trim() && !(Number(choice.rate) > 0)) errors.rate = "Give a number above zero";
  return errors;
}

/** Gives the request. */
export function requestOf(choice: Choice, nowMs: number): ReplayRequest {
  const span = SPANS.find((one) => one.value === choice.span);
  const until = choice.span === "own" ? timeOf(choice.to) : undefined;
  return {
    source: "events",
    ...(choice.toAll ? { to_all: true } : { subscription_ids: listOf(choice.subscriptions) }),
    since_ms: choice.span === "own" ? (timeOf(choice.from) ?? 0) : nowMs - (span?.ms ?? 0),
    ...(until === undefined ? {} : { until_ms: until }),
    ...(choice.eventTypes.trim() ? { event_types: listOf(choice.eventTypes) } : {}),
    ...(choice.tenants.trim() ? { tenants: listOf(choice.tenants) } : {}),
    ...(choice.statuses.length ? { statuses: choice.statuses } : {}),
    ...(choice.filter.trim() ? { filter: choice.filter.trim() } : {}),
    rate_per_s: choice.rate.trim() ? Number(choice.rate) : null,
  };
}

function listOf(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

function timeOf(text: string): number | undefined {
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : atMs;
}
