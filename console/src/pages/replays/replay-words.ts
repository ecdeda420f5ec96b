/** What a replay is, in a sentence. Pure. */
import type { Schemas } from "../../api/client";
import { counted, words } from "../../ui/format";

type Replay = Schemas["ReplayView"];

const FEW = 3;

/** Says what is sent again: "Dead letters: attempts exhausted", "Events: order.*". */
export function whatOf(replay: Pick<Replay, "source" | "event_types" | "reasons" | "statuses">): string {
  const types = replay.event_types.filter((pattern) => pattern !== "*");
  const narrowed = [
    types.length > 0 && listed(types, "event type"),
    replay.reasons.length > 0 && listed(replay.reasons.map(words), "reason"),
    replay.statuses.length > 0 && `${replay.statuses.map(words).join(" or ")} deliveries`,
  ].filter(Boolean);
  const source = replay.source === "events" ? "Events" : "Dead letters";
  return narrowed.length > 0 ? `${source}: ${narrowed.join("; ")}` : source;
}

/** Says to whom: names while they are few. */
export function toWhom(replay: Pick<Replay, "subscription_ids" | "tenants">): string {
  if (replay.subscription_ids.length > 0) return listed(replay.subscription_ids, "subscription");
  return replay.tenants.length > 0 ? `all of ${listed(replay.tenants, "tenant")}` : "all subscriptions";
}

function listed(names: readonly string[], one: string): string {
  return names.length > FEW ? counted(names.length, one) : names.join(", ");
}

/** Estimates how long it will still take, in ms; null while nobody can say. */
export function remainingMs(progress: number, elapsedMs: number): number | null {
  if (progress <= 0 || elapsedMs < 2000) return null;
  return Math.round((elapsedMs / progress) * (1 - Math.min(1, progress)));
}
