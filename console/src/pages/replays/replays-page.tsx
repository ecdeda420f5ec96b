/** The replays of the last 30 days, with how far each is. */
import { may } from "../../session";
import { ButtonLink } from "../../ui/button";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Time } from "../../ui/time";
import { ReplayBadge, ReplayBar } from "./replay-progress";
import { toWhom, whatOf } from "./replay-words";
import { type Replay, useReplays } from "./use-replays";

const COLUMNS: readonly Column<Replay>[] = [
  { head: "What", card: "title", cell: (one) => whatOf(one) },
  { head: "To", cell: toWhom },
  { head: "State", card: "beside", cell: (one) => <ReplayBadge state={one.state} /> },
  { head: "Progress", cell: (one) => <ReplayBar of={one} /> },
  { head: "By", wide: true, cell: (one) => one.actor },
  { head: "Started", align: "right", cell: (one) => <Time atMs={one.started_at_ms} /> },
];

export function ReplaysPage() {
  const read = useReplays();
  const start = may("operator") && (
    <ButtonLink kind="primary" icon="replay" href="/new-replay">
      New replay
    </ButtonLink>
  );
  return (
    <Page title="Replays" actions={start}>
      <Loaded read={read} lines={6}>
        {(items) =>
          items.length === 0 ? (
            <Empty icon="replay" title="Nothing was replayed in the last 30 days">
              <p>
                A replay sends past events again: to a subscription that is new, to one that has lost them, or
                to all of a tenant. It counts first.
              </p>
              {start}
            </Empty>
          ) : (
            <Table
              label="Replays"
              columns={COLUMNS}
              rows={items}
              rowKey={(one) => one.replay_id}
              href={(one) => `/replays/${one.replay_id}`}
            />
          )
        }
      </Loaded>
    </Page>
  );
}
