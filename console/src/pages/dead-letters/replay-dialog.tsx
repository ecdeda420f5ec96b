/** Begins dead letters again: those that were ticked, or all of a group, which are counted first. */
import { useState } from "preact/hooks";
import { answer, api, once } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Progress } from "../../ui/facts";
import { counted } from "../../ui/format";
import { Failure, Loaded } from "../../ui/states";
import { say } from "../../ui/toast";
import { CountedReplay } from "../replays/count-card";
import { countReplay, type ReplayRequest, startReplay } from "../replays/use-replays";
import type { Group } from "./group-path";
import { AT_ONCE, chunks, type Selection } from "./selection";

interface Props {
  group: Group;
  selection: Selection;
  expected: number;
  onClose: () => void;
  /** With the id of the replay, where it is one that goes on. */
  onStarted: (replayId: string | undefined) => void;
}

export function ReplayDialog(props: Props) {
  return props.selection.all ? <WholeGroup {...props} /> : <Ticked {...props} />;
}

function WholeGroup({ group, onClose, onStarted }: Props) {
  const request: ReplayRequest = {
    source: "dead_letters",
    subscription_ids: [group.subscription],
    ...(group.reason === null
      ? {}
      : { reasons: [group.reason as NonNullable<ReplayRequest["reasons"]>[number]] }),
  };
  const counting = useRead(`count ${group.subscription} ${group.reason}`, () => countReplay(request));
  const starting = useAction(async () => onStarted((await startReplay(request)).replay_id));
  return (
    <Dialog
      title="Replay the whole group"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            icon="replay"
            busy={starting.busy}
            disabled={!counting.data || counting.data.deliveries === 0}
            onClick={starting.run}
          >
            {counting.data
              ? `Replay ${counted(counting.data.deliveries, "delivery", "deliveries")}`
              : "Replay"}
          </Button>
        </>
      }
    >
      {starting.error && <Failure error={starting.error} />}
      <p class="muted">
        The same bodies with the same webhook-id, behind live deliveries. What was replayed before is left
        out.
      </p>
      <Loaded read={counting}>{(found) => <CountedReplay of={found} />}</Loaded>
    </Dialog>
  );
}

function Ticked({ selection, expected, onClose, onStarted }: Props) {
  const [done, setDone] = useState(0);
  // A single request has no progress: its bar would jump from nothing to everything.
  const hasParts = expected > AT_ONCE;
  const replaying = useAction(async () => {
    let begun = 0;
    for (const delivery_ids of chunks([...selection.ids].slice(done), AT_ONCE)) {
      const body = { delivery_ids, again: false };
      const replayed = await answer(
        api.POST("/api/v1/dead-letters/replay", { params: { header: once() }, body }),
      );
      begun += replayed.delivery_ids.length;
      setDone((before) => before + delivery_ids.length);
    }
    say("good", `${counted(begun, "delivery is", "deliveries are")} being sent again`);
    onStarted(undefined);
  });
  return (
    <Dialog
      title={`Replay ${counted(expected, "delivery", "deliveries")}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" icon="replay" busy={replaying.busy} onClick={replaying.run}>
            Replay
          </Button>
        </>
      }
    >
      {replaying.error && <Failure error={replaying.error} />}
      <p>The same bodies with the same webhook-id, which receivers recognise. Live deliveries go first.</p>
      {hasParts && (replaying.busy || done > 0) && (
        <Progress label="Deliveries begun again" done={done} total={expected} />
      )}
    </Dialog>
  );
}
