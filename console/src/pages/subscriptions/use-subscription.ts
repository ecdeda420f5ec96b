/** Reads one subscription with its revision, and changes it only as it was seen. */
import { answer, api, once, type Revised, revised, type Schemas } from "../../api/client";
import { type Read, useRead } from "../../api/use-read";

export type Subscription = Schemas["SubscriptionView"];
export type Issued = Schemas["IssuedView"];

const REFRESH_MS = 10_000;

/** Reads a subscription with its revision; again and again, unless it is to stay as it was seen first. */
export function useSubscription(id: string, { refreshes = true } = {}): Read<Revised<Subscription>> {
  return useRead(
    `subscription ${id}`,
    (signal) => readSubscription(id, signal),
    refreshes ? { everyMs: REFRESH_MS } : {},
  );
}

/** Reads it as it is now. */
export function readSubscription(id: string, signal?: AbortSignal): Promise<Revised<Subscription>> {
  const params = { path: path(id) };
  return revised(
    api.GET("/api/v1/subscriptions/{subscription_id}", { params, ...(signal ? { signal } : {}) }),
  );
}

function path(id: string) {
  return { subscription_id: id };
}

/** Gives the parameters of a change that is refused if somebody else made one since. */
function change(id: string, etag: string | undefined) {
  return { path: path(id), header: { ...once(), ...(etag ? { "If-Match": etag } : {}) } };
}

export function pause(id: string, etag: string | undefined): Promise<Subscription> {
  return answer(api.POST("/api/v1/subscriptions/{subscription_id}/pause", { params: change(id, etag) }));
}

export function resume(id: string, etag: string | undefined): Promise<Subscription> {
  return answer(api.POST("/api/v1/subscriptions/{subscription_id}/resume", { params: change(id, etag) }));
}

export function remove(id: string, etag: string | undefined): Promise<unknown> {
  return answer(api.DELETE("/api/v1/subscriptions/{subscription_id}", { params: change(id, etag) }));
}

export function rotate(id: string, etag: string | undefined, overlapMs: number): Promise<Issued> {
  const params = change(id, etag);
  const body = { overlap_ms: overlapMs };
  return answer(api.POST("/api/v1/subscriptions/{subscription_id}/rotate-secret", { params, body }));
}

export function update(
  id: string,
  etag: string | undefined,
  body: Schemas["SubscriptionChange"],
): Promise<Subscription> {
  return answer(api.PATCH("/api/v1/subscriptions/{subscription_id}", { params: change(id, etag), body }));
}

export function create(body: Schemas["NewSubscription"]): Promise<Issued> {
  return answer(api.POST("/api/v1/subscriptions", { params: { header: once() }, body }));
}
