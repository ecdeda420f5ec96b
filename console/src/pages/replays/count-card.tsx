/** What a replay would do, counted before anything is sent. */
import { Facts } from "../../ui/facts";
import { count, counted, duration, words } from "../../ui/format";
import type { ReplayCount } from "./use-replays";

const SHOWN = 8;

export function CountedReplay({ of }: { of: ReplayCount }) {
  const passed = Object.entries(of.passed_over ?? {}).filter(([, times]) => times > 0);
  const others = of.by_subscription.length - SHOWN;
  return (
    <div class="stack">
      <p class="counted">
        <strong>{counted(of.deliveries, "delivery", "deliveries")}</strong> would be sent
        {of.takes_s !== null && of.deliveries > 0 && `, in about ${duration(of.takes_s * 1000)}`}.
      </p>
      {!of.complete && <p class="muted">There are more: the count stopped before the end.</p>}
      {!of.kept && <p class="muted">The topics no longer keep the beginning of this time.</p>}
      <Facts
        of={[
          ...of.by_subscription
            .slice(0, SHOWN)
            .map((one) => [one.subscription_id, counted(one.deliveries, "delivery", "deliveries")] as const),
          ["others", others > 0 && counted(others, "subscription")],
          ["Records read", of.events_total !== null && count(of.events_total)],
          ...passed.map(([reason, times]) => [`Passed over: ${words(reason)}`, count(times)] as const),
        ]}
      />
    </div>
  );
}
