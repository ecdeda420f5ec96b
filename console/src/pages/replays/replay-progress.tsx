/** How far a replay is, and what can be done about it. */
import { useAction } from "../../api/use-action";
import { may } from "../../session";
import { Badge, type Tone } from "../../ui/badge";
import { Button } from "../../ui/button";
import { counted, duration, percent, words } from "../../ui/format";
import { Failure } from "../../ui/states";
import { useNow } from "../../ui/time";
import { remainingMs } from "./replay-words";
import { cancelReplay, isMoving, isResumable, type Replay, resumeReplay } from "./use-replays";

const TONES: Record<Replay["state"], Tone> = {
  waiting: "busy",
  running: "busy",
  interrupted: "warn",
  stopped: "warn",
  finished: "good",
  cancelled: "calm",
};

export function ReplayBadge({ state }: { state: Replay["state"] }) {
  return <Badge tone={TONES[state]}>{words(state)}</Badge>;
}

/** A bar, with what it stands for in words. */
export function ReplayBar({ of }: { of: Replay }) {
  const label = `${percent(of.progress)} done, ${counted(of.deliveries, "delivery", "deliveries")} begun`;
  return (
    <div class="replay-bar">
      <progress aria-label={`Replay ${of.replay_id}`} value={of.progress} max={1} />
      <span class="muted">{label}</span>
    </div>
  );
}

/** All of it: state, bar, how long it will take, and the buttons that end it or let it go on. */
export function ReplayProgress({ of, again }: { of: Replay; again: () => void }) {
  const nowMs = useNow();
  const acting = useAction(async (act: typeof cancelReplay) => {
    try {
      await act(of.replay_id);
    } finally {
      again();
    }
  });
  const left = of.state === "running" ? remainingMs(of.progress, nowMs - of.started_at_ms) : null;
  const isOperator = may("operator");
  return (
    <div class="replay-progress">
      {acting.error && <Failure error={acting.error} />}
      {of.problem && (
        <div class="notice tone-bad">
          <div>
            <p>It stopped: {of.problem}</p>
            <p class="muted">
              What was begun is delivered. Resume it once the cause is gone: it goes on where it was.
            </p>
          </div>
        </div>
      )}
      <div class="replay-line">
        <span aria-live="polite">
          <ReplayBadge state={of.state} />
        </span>
        <ReplayBar of={of} />
        {left !== null && left > 0 && <span class="muted">about {duration(left)} left</span>}
        {isOperator && isMoving(of) && (
          <Button small icon="close" busy={acting.busy} onClick={() => acting.run(cancelReplay)}>
            Cancel
          </Button>
        )}
        {isOperator && isResumable(of) && (
          <>
            <Button
              small
              icon="play"
              kind="primary"
              busy={acting.busy}
              onClick={() => acting.run(resumeReplay)}
            >
              Resume
            </Button>
            <Button small busy={acting.busy} onClick={() => acting.run(cancelReplay)}>
              Cancel
            </Button>
          </>
        )}
      </div>
    </div>
  );
}
