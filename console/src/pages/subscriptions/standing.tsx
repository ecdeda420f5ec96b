/** Why a subscription gets nothing, what becomes of its deliveries meanwhile, and the way out. */
import { Button } from "../../ui/button";
import { Icon } from "../../ui/icon";
import { sentence } from "../../ui/states";
import { Time } from "../../ui/time";
import type { Subscription } from "./use-subscription";

interface Props {
  of: Subscription;
  busy: boolean;
  /** undefined for who may not. */
  onResume: (() => void) | undefined;
}

export function StandingNotice({ of, busy, onResume }: Props) {
  if (of.state === "active") return null;
  const isPaused = of.state === "paused";
  return (
    <div class={`notice tone-${isPaused ? "warn" : "bad"}`}>
      <Icon name={isPaused ? "pause" : "alert"} />
      <div>
        <p>
          <strong>{isPaused ? "Paused" : "Disabled"}</strong>
          {of.state_changed_at_ms !== null && (
            <>
              {" "}
              <Time atMs={of.state_changed_at_ms} />
            </>
          )}
          {of.state_reason && `: ${sentence(of.state_reason)}`}
        </p>
        <p class="muted">
          {isPaused
            ? "Its deliveries wait, and are sent when it is resumed. What has waited for six days becomes a dead letter."
            : "Nothing is sent. What is under way becomes a dead letter, which can be replayed once the endpoint works again."}
        </p>
      </div>
      {onResume && (
        <Button small icon="play" busy={busy} onClick={onResume}>
          Resume
        </Button>
      )}
    </div>
  );
}
