/** Did you send it? Why not? The answer in a sentence or two, from all that is known of a delivery. */
import type { Schemas } from "../../api/client";
import { counted, duration, words } from "../../ui/format";

type Delivery = Schemas["DeliveryView"];

export interface Verdict {
  tone: "good" | "bad" | "warn" | "busy" | "calm";
  text: string;
  /** What to make of it. */
  more: string;
}

const ENDED: ReadonlySet<Delivery["state"]> = new Set(["delivered", "dead_lettered", "discarded"]);

/** Tells whether nothing more happens by itself. */
export function hasEnded(state: Delivery["state"]): boolean {
  return ENDED.has(state);
}

export function verdictOn(delivery: Delivery, attempts: readonly Schemas["AttemptView"][]): Verdict {
  const made = attempts.filter((one) => one.kind === "attempt");
  const last = made.at(-1);
  const tried = counted(delivery.attempts, "attempt");
  switch (delivery.state) {
    case "delivered": {
      const answer = last?.status ? `${last.status} after ${duration(last.duration_ms)}` : "with success";
      return {
        tone: "good",
        text: `Yes, it was delivered: the endpoint answered ${answer}.`,
        more: `It took ${tried}.`,
      };
    }
    case "retry_scheduled":
      return {
        tone: "warn",
        text: `Not yet: ${failureOf(delivery)}.`,
        more: `After ${tried} it will be tried again automatically.`,
      };
    case "dead_lettered":
      return {
        tone: "bad",
        text: `No, it was given up: ${delivery.reason ? words(delivery.reason) : "the reason is not known"}.`,
        more: `After ${tried}${delivery.attempts > 0 ? `, ${failureOf(delivery)}` : ""}. It can be sent again.`,
      };
    case "discarded":
      return {
        tone: "calm",
        text: `No, it was discarded: ${delivery.reason ? words(delivery.reason) : "the reason is not known"}.`,
        more: "Nothing needs to be done about it.",
      };
    case "pending":
      return {
        tone: "busy",
        text:
          delivery.attempts > 0
            ? "Not yet: it is about to be tried again."
            : "Not yet: it has not been tried.",
        more: "It waits for its turn. A subscription that is paused, or behind an open circuit, holds its deliveries back.",
      };
  }
}

/** Gives how the last attempt failed, in words. */
function failureOf({ last_status: status, last_error: error }: Delivery): string {
  if (status !== null) return `the endpoint answered ${status} last`;
  return error ? `the last attempt ended with ${words(error)}` : "the last attempt failed";
}
