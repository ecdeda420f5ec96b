/** Marks dead letters as not wanted: in the number that was seen, once the subscription's name was typed. */
import { useState } from "preact/hooks";
import { answer, api, once, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { ConfirmDialog } from "../../ui/dialog";
import { counted } from "../../ui/format";
import { Loaded } from "../../ui/states";
import { say } from "../../ui/toast";
import type { Group } from "./group-path";
import { AT_ONCE, chunks, type Selection } from "./selection";

type PurgeRequest = Schemas["PurgeRequest"];

interface Props {
  group: Group;
  selection: Selection;
  expected: number;
  onClose: () => void;
  onPurged: () => void;
}

export function PurgeDialog({ group, selection, expected, onClose, onPurged }: Props) {
  const counting = useRead(selection.all ? `purge ${group.subscription} ${group.reason}` : null, async () =>
    purge({ ...wholeOf(group), dry_run: true }),
  );
  const count = selection.all ? counting.data?.count : expected;
  /** What is purged is not asked for again where a later request has failed. */
  const [done, setDone] = useState(0);
  const purging = useAction(async () => {
    const requests: PurgeRequest[] = selection.all
      ? [{ ...wholeOf(group), expected_count: count ?? 0 }]
      : chunks([...selection.ids].slice(done), AT_ONCE).map((delivery_ids) => ({ delivery_ids }));
    let purged = done;
    for (const request of requests) {
      purged += (await purge(request)).count;
      setDone(purged);
    }
    say("good", `${counted(purged, "dead letter was", "dead letters were")} purged`);
    onPurged();
  });
  return (
    <ConfirmDialog
      title={count === undefined ? "Purge" : `Purge ${counted(count, "dead letter")}`}
      confirm="Purge"
      danger
      typed={group.subscription}
      busy={purging.busy || (selection.all && counting.loading)}
      error={purging.error}
      onConfirm={purging.run}
      onClose={onClose}
    >
      {selection.all && <Loaded read={counting}>{() => null}</Loaded>}
      <p>
        They are taken out of this list, and a replay of the group leaves them out. If the number has changed
        since they were counted, nothing is purged.
      </p>
    </ConfirmDialog>
  );
}

function wholeOf(group: Group): PurgeRequest {
  const reason = group.reason as NonNullable<PurgeRequest["reasons"]>[number] | null;
  return { subscription_ids: [group.subscription], ...(reason === null ? {} : { reasons: [reason] }) };
}

function purge(body: PurgeRequest): Promise<Schemas["PurgedView"]> {
  return answer(api.POST("/api/v1/dead-letters/purge", { params: { header: once() }, body }));
}
