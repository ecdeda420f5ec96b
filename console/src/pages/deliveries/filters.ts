/** What deliveries one looks for: in the page's address, as the API asks for it, and in words. */
import type { Schemas } from "../../api/client";

type State = Schemas["DeliveryState"];

export const STATES: readonly State[] = [
  "delivered",
  "pending",
  "retry_scheduled",
  "dead_lettered",
  "discarded",
];

/** The filters that are one text each, by their names in the address and the API. */
export const TEXTS = ["event_id", "delivery_id", "subscription_id", "event_type", "tenant", "host"] as const;
export type TextName = (typeof TEXTS)[number];

export const MOMENTS = ["since_ms", "before_ms"] as const;
export type MomentName = (typeof MOMENTS)[number];

export interface Query {
  event_id?: string;
  delivery_id?: string;
  event_type?: string;
  tenant?: string;
  host?: string;
  subscription_id?: string[];
  state?: State[];
  since_ms?: number;
  before_ms?: number;
  cursor?: string;
}

/** Gives the API's query for an address' parameters; what it does not know is left out. */
export function queryOf(params: URLSearchParams): Query {
  const query: Query = {};
  for (const name of TEXTS) {
    const value = params.get(name)?.trim();
    if (!value) continue;
    if (name === "subscription_id")
      query[name] = params
        .getAll(name)
        .map((one) => one.trim())
        .filter(Boolean);
    else query[name] = value;
  }
  const states = STATES.filter((state) => params.getAll("state").includes(state));
  if (states.length > 0) query.state = states;
  for (const name of MOMENTS) {
    const value = Number(params.get(name));
    if (Number.isSafeInteger(value) && value > 0) query[name] = value;
  }
  const cursor = params.get("cursor");
  if (cursor) query.cursor = cursor;
  return query;
}

/** Tells whether an address asks for anything in particular. */
export function isNarrowed({ cursor: _, ...query }: Query): boolean {
  return Object.keys(query).length > 0;
}

/** Gives an address' parameters with one filter changed: to nothing, one value, or several. It begins at the first page. */
export function changed(params: URLSearchParams, name: string, values: readonly string[]): URLSearchParams {
  const next = new URLSearchParams(params);
  next.delete("cursor");
  next.delete(name);
  for (const value of values) if (value.trim() !== "") next.append(name, value.trim());
  return next;
}

/** Gives a moment as a field for date and time has it, in the time zone of who looks. */
export function fieldOf(atMs: number | undefined): string {
  if (atMs === undefined) return "";
  const local = new Date(atMs - new Date(atMs).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

/** Reads such a field; undefined where nothing is in it, or a time before the epoch. */
export function momentOf(field: string): number | undefined {
  const atMs = field === "" ? Number.NaN : new Date(field).getTime();
  return atMs > 0 ? atMs : undefined;
}
