/**
 * What a form holds of a subscription, and what is sent of it: a new subscription, or a JSON merge patch (RFC 7396)
 * of what was changed. Pure: the form draws it, the API checks it.
 */

import type { Schemas } from "../../api/client";

type NewSubscription = Schemas["NewSubscription"];
type SubscriptionChange = Schemas["SubscriptionChange"];
type SubscriptionView = Schemas["SubscriptionView"];

export interface HeaderRow {
  name: string;
  /** What is to be sent from now on; null: the value that the subscription has, which is not shown. */
  value: string | null;
}

export interface FormValues {
  id: string;
  tenant: string;
  description: string;
  url: string;
  eventTypes: string[];
  followLatest: boolean;
  pins: Record<string, number>;
  filter: string;
  onFilterError: "send" | "skip";
  transform: string;
  sensitiveGrants: string[];
  contentMode: SubscriptionView["content_mode"];
  signatureProfiles: SubscriptionView["signature_profiles"];
  secretType: "hmac" | "ed25519";
  timeoutS: string;
  maxInFlight: string;
  rateLimit: string;
  rateBurst: string;
  order: SubscriptionView["order"];
  retryPolicy: string;
  failFast: boolean;
  headers: HeaderRow[];
  /** PEM; null: as it is, empty: none. */
  caBundle: string | null;
  clientCertificate: string | null;
  clientKey: string;
}

/** Gives the values of a form for a new subscription: the defaults that the gateway has. */
export function emptyValues(): FormValues {
  return {
    id: "",
    tenant: "default",
    description: "",
    url: "",
    eventTypes: [],
    followLatest: false,
    pins: {},
    filter: "",
    onFilterError: "send",
    transform: "",
    sensitiveGrants: [],
    contentMode: "webhook",
    signatureProfiles: ["standard"],
    secretType: "hmac",
    timeoutS: "10",
    maxInFlight: "32",
    rateLimit: "",
    rateBurst: "",
    order: "none",
    retryPolicy: "standard",
    failFast: false,
    headers: [],
    caBundle: null,
    clientCertificate: null,
    clientKey: "",
  };
}

/** Gives the values of a form for a subscription that there is. */
export function valuesOf(view: SubscriptionView): FormValues {
  return {
    ...emptyValues(),
    id: view.id,
    tenant: view.tenant,
    description: view.description,
    url: view.url,
    eventTypes: [...view.event_types],
    followLatest: view.follow_latest,
    pins: { ...view.pins },
    filter: view.filter ?? "",
    onFilterError: view.on_filter_error,
    transform: transformText(view.transform),
    sensitiveGrants: [...view.sensitive_grants],
    contentMode: view.content_mode,
    signatureProfiles: [...view.signature_profiles],
    timeoutS: String(view.timeout_s),
    maxInFlight: String(view.max_in_flight),
    rateLimit: view.rate_limit === "none" ? "" : view.rate_limit,
    rateBurst: view.rate_burst === null ? "" : String(view.rate_burst),
    order: view.order,
    retryPolicy: view.retry_policy,
    failFast: view.fail_fast,
    headers: view.headers.map((name) => ({ name, value: null })),
  };
}

function transformText(transform: unknown): string {
  if (transform === null || transform === undefined) return "";
  return typeof transform === "string" ? transform : JSON.stringify(transform, null, 2);
}

/** Says what the form itself sees to be wrong, by the API's names of fields: what has no form in a request. */
export function formErrors(values: FormValues): Record<string, string> {
  const errors: Record<string, string> = {};
  if (numberOf(values.timeoutS) === undefined) errors.timeout_s = "give a number of seconds";
  if (wholeOf(values.maxInFlight) === undefined) errors.max_in_flight = "give a whole number";
  if (values.rateBurst.trim() && wholeOf(values.rateBurst) === undefined)
    errors.rate_burst = "give a whole number";
  const transform = parsedTransform(values.transform);
  if (typeof transform === "string") errors.transform = transform;
  if (values.headers.some((row) => !row.name.trim())) errors.headers = "a header needs a name";
  return errors;
}

/** Gives the request that makes a subscription; what was left at its default is left out. */
export function creationOf(values: FormValues): NewSubscription {
  const { headers, ...changed } = patchOf(emptyValues(), values);
  return {
    ...changed,
    ...(headers ? { headers: headers } : {}),
    ...(values.id.trim() ? { id: values.id.trim() } : {}),
    ...(values.secretType === "hmac" ? {} : { secret_type: values.secretType }),
    tenant: values.tenant.trim() || "default",
    url: values.url.trim(),
    event_types: patternsOf(values.eventTypes),
  };
}

/** Gives what has to be sent so that a subscription becomes what the form says: only what was changed. */
export function patchOf(before: FormValues, after: FormValues): SubscriptionChange {
  const then = definitionOf(before);
  const now = definitionOf(after);
  const changed = Object.entries(now).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(then[name as keyof typeof then]),
  );
  const patch: SubscriptionChange = Object.fromEntries(changed);
  const headers = headerPatch(before.headers, after.headers);
  if (Object.keys(headers).length) patch.headers = headers;
  if (after.caBundle !== null) patch.ca_bundle = after.caBundle.trim() || null;
  if (after.clientCertificate !== null) patch.client_certificate = after.clientCertificate.trim() || null;
  if (after.clientKey.trim()) patch.client_key = after.clientKey;
  return patch;
}

/**
 * Gives what a form says after somebody else changed the subscription: what is new, and on it what was changed here.
 *
 * @param before what the form began with.
 * @param now what the subscription is now.
 */
export function rebased(before: FormValues, now: FormValues, edited: FormValues): FormValues {
  const changed = Object.entries(edited).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name as keyof FormValues]),
  );
  return { ...now, ...Object.fromEntries(changed) };
}

/** Everything that is shown and can be changed, as a patch has it. */
function definitionOf(values: FormValues) {
  return {
    description: values.description.trim() || null,
    url: values.url.trim(),
    event_types: patternsOf(values.eventTypes),
    follow_latest: values.followLatest,
    pins: values.followLatest ? {} : sorted(values.pins),
    filter: values.filter.trim() || null,
    on_filter_error: values.onFilterError,
    transform: objectOf(values.transform),
    sensitive_grants: patternsOf(values.sensitiveGrants),
    content_mode: values.contentMode,
    signature_profiles: values.signatureProfiles,
    timeout_s: numberOf(values.timeoutS),
    max_in_flight: wholeOf(values.maxInFlight),
    rate_limit: values.rateLimit.trim() || "none",
    rate_burst: values.rateLimit.trim() ? wholeOf(values.rateBurst) : undefined,
    order: values.order,
    retry_policy: values.retryPolicy.trim(),
    fail_fast: values.failFast,
  };
}

function headerPatch(before: HeaderRow[], after: HeaderRow[]): Record<string, string | null> {
  const names = new Set(after.map((row) => row.name.trim().toLowerCase()));
  const patch: Record<string, string | null> = {};
  for (const row of before) if (!names.has(row.name.toLowerCase())) patch[row.name] = null;
  for (const row of after) if (row.value !== null) patch[row.name.trim()] = row.value;
  return patch;
}

function sorted(pins: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(pins).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function objectOf(text: string): Record<string, unknown> | null {
  const parsed = parsedTransform(text);
  return typeof parsed === "string" ? null : parsed;
}

/** Gives a transform, null where there is none, or a text that says what is wrong with it. */
function parsedTransform(text: string): Record<string, unknown> | string | null {
  if (!text.trim()) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
    return "a transform is a JSON object";
  } catch (error) {
    return `this is not JSON: ${(error as Error).message}`;
  }
}

/** Takes a list that was typed apart: event types and the like are separated by commas, spaces or lines. */
export function patternsOf(entries: readonly string[]): string[] {
  return [...new Set(entries.flatMap((entry) => entry.split(/[\s,]+/)).filter(Boolean))];
}

function numberOf(text: string): number | undefined {
  const value = Number(text.trim() || Number.NaN);
  return Number.isFinite(value) ? value : undefined;
}

function wholeOf(text: string): number | undefined {
  const value = numberOf(text);
  return value !== undefined && Number.isInteger(value) ? value : undefined;
}
