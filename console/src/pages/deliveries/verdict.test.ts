import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { verdictOn } from "./verdict";

const DELIVERY = {
  attempts: 0,
  reason: null,
  last_status: null,
  last_error: null,
} as Schemas["DeliveryView"];
const ATTEMPT = { kind: "attempt", status: 200, duration_ms: 35 } as Schemas["AttemptView"];

it.each<[Partial<Schemas["DeliveryView"]>, string, string]>([
  [
    { state: "delivered", attempts: 2 },
    "good",
    "Yes, it was delivered: the endpoint answered 200 after 35 ms. It took 2 attempts.",
  ],
  [
    { state: "retry_scheduled", attempts: 1, last_status: 503 },
    "warn",
    "Not yet: the endpoint answered 503 last. After 1 attempt it will be tried again automatically.",
  ],
  [
    { state: "dead_lettered", attempts: 3, reason: "attempts_exhausted", last_error: "connection_refused" },
    "bad",
    "No, it was given up: attempts exhausted. After 3 attempts, the last attempt ended with connection refused. It can be sent again.",
  ],
  [
    { state: "dead_lettered", reason: "too_large" },
    "bad",
    "No, it was given up: too large. After 0 attempts. It can be sent again.",
  ],
  [
    { state: "discarded", reason: "subscription_deleted" },
    "calm",
    "No, it was discarded: subscription deleted. Nothing needs to be done about it.",
  ],
])("%j", (delivery, tone, text) => {
  const verdict = verdictOn({ ...DELIVERY, ...delivery }, [ATTEMPT]);
  expect([verdict.tone, `${verdict.text} ${verdict.more}`]).toEqual([tone, text]);
});
