/** States as words with a colour: the word alone says all. */
import type { ComponentChildren } from "preact";
import type { Schemas } from "../api/client";
import { words } from "./format";

export type Tone = "good" | "bad" | "warn" | "busy" | "calm";

export function Badge({
  tone,
  children,
  title,
}: {
  tone: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`badge tone-${tone}`} title={title}>
      {children}
    </span>
  );
}

type DeliveryState = Schemas["DeliveryView"]["state"];

const DELIVERY_TONES: Record<DeliveryState, Tone> = {
  delivered: "good",
  pending: "busy",
  retry_scheduled: "warn",
  dead_lettered: "bad",
  discarded: "calm",
};

/** What became of a delivery. */
export function DeliveryBadge({ state }: { state: DeliveryState }) {
  return <Badge tone={DELIVERY_TONES[state]}>{words(state)}</Badge>;
}

type SubscriptionState = Schemas["SubscriptionView"]["state"];

const SUBSCRIPTION_TONES: Record<SubscriptionState, Tone> = {
  active: "good",
  paused: "warn",
  disabled: "bad",
};

/** Whether a subscription gets anything. */
export function SubscriptionBadge({ state }: { state: SubscriptionState }) {
  return <Badge tone={SUBSCRIPTION_TONES[state]}>{words(state)}</Badge>;
}

/** What one attempt came to: the endpoint's status, or the error that kept it from giving one. */
export function StatusBadge({ status, error }: { status: number | null; error: string | null }) {
  if (status === null) return <Badge tone="bad">{error ? words(error) : "no answer"}</Badge>;
  return (
    <Badge tone={status < 300 ? "good" : status < 500 && status >= 400 ? "bad" : "warn"}>{status}</Badge>
  );
}
