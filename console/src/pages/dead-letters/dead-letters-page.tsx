/** Deliveries that were given up, counted by subscription and reason: the largest heap first. */
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Badge } from "../../ui/badge";
import { Card, Stat } from "../../ui/facts";
import { count, relative, words } from "../../ui/format";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Time, useNow } from "../../ui/time";
import { ReplayBadge, ReplayBar } from "../replays/replay-progress";
import { toWhom, whatOf } from "../replays/replay-words";
import { isMoving, type Replay, useReplays } from "../replays/use-replays";
import { pathOfGroup } from "./group-path";
import { meaningOf } from "./reason-words";

type Group = Schemas["LetterGroupView"];

const REFRESH_MS = 5000;

const COLUMNS: readonly Column<Group>[] = [
  { head: "Subscription", card: "title", cell: (one) => one.subscription_id },
  { head: "Reason", cell: (one) => <Reason of={one.reason} /> },
  { head: "Waiting", align: "right", cell: (one) => count(one.count) },
  { head: "Oldest", align: "right", cell: (one) => <Time atMs={one.oldest_ms} /> },
  { head: "Newest", align: "right", cell: (one) => <Time atMs={one.newest_ms} /> },
];

export function DeadLettersPage() {
  const read = useRead(
    "dead letter groups",
    async (signal) => (await answer(api.GET("/api/v1/dead-letters/groups", { signal }))).items,
    { everyMs: REFRESH_MS },
  );
  return (
    <Page title="Dead letters">
      <RunningReplays />
      <Loaded read={read} lines={6}>
        {(groups) =>
          groups.length === 0 ? (
            <Empty icon="check" title="No dead letters">
              <p>
                Every delivery has arrived, is on its way, or was replayed. Deliveries that are given up are
                kept here.
              </p>
            </Empty>
          ) : (
            <>
              <Numbers of={groups} />
              <Table
                label="Dead letters by subscription and reason"
                columns={COLUMNS}
                rows={groups}
                rowKey={(one) => `${one.subscription_id} ${one.reason}`}
                href={(one) => pathOfGroup({ subscription: one.subscription_id, reason: one.reason })}
              />
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function Numbers({ of }: { of: readonly Group[] }) {
  const nowMs = useNow();
  const oldestMs = Math.min(...of.map((group) => group.oldest_ms));
  return (
    <dl class="stats">
      <Stat label="Waiting" value={count(of.reduce((sum, group) => sum + group.count, 0))} />
      <Stat label="Subscriptions" value={count(new Set(of.map((group) => group.subscription_id)).size)} />
      <Stat label="Oldest" value={relative(oldestMs, nowMs)} />
    </dl>
  );
}

function Reason({ of }: { of: string | null }) {
  return (
    <span class="named">
      <span>
        <Badge tone="bad">{of === null ? "unknown" : words(of)}</Badge>
      </span>
      <span class="muted reason-meaning">{meaningOf(of)}</span>
    </span>
  );
}

/** Replays of dead letters that are under way, so that nobody begins a second one. */
function RunningReplays() {
  const read = useReplays();
  const running = (read.data ?? []).filter((one) => one.source === "dead_letters" && isMoving(one));
  if (running.length === 0) return null;
  return (
    <Card title="Being replayed">
      <Table
        label="Replays under way"
        columns={RUNNING}
        rows={running}
        rowKey={(one) => one.replay_id}
        href={(one) => `/replays/${one.replay_id}`}
      />
    </Card>
  );
}

const RUNNING: readonly Column<Replay>[] = [
  { head: "What", card: "title", cell: whatOf },
  { head: "To", cell: toWhom },
  { head: "State", card: "beside", cell: (one) => <ReplayBadge state={one.state} /> },
  { head: "Progress", cell: (one) => <ReplayBar of={one} /> },
];
