/** The dead letters of one group: looked into, chosen, and begun again. */
import { useEffect, useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { firstFound } from "../../api/first-found";
import { firstPages } from "../../api/first-pages";
import { useRead } from "../../api/use-read";
import { may } from "../../session";
import { Badge, StatusBadge } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { Card } from "../../ui/facts";
import { count, counted, words } from "../../ui/format";
import { Page } from "../../ui/page";
import { Empty, Failure, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Time } from "../../ui/time";
import { ReplayProgress } from "../replays/replay-progress";
import { isMoving, useReplay } from "../replays/use-replays";
import type { Group } from "./group-path";
import { LetterDialog } from "./letter-dialog";
import { PurgeDialog } from "./purge-dialog";
import { meaningOf } from "./reason-words";
import { ReplayDialog } from "./replay-dialog";
import { chosenCount, isChosen, NOTHING, type Selection, toggled, toggledPage } from "./selection";

type Letter = Schemas["DeliveryView"];

const PAGE = 50;
const REFRESH_MS = 10_000;
const PARENT = { name: "Dead letters", href: "/dead-letters" };

export function GroupPage({ subscription }: { subscription: string }) {
  const [search] = useSearchParams();
  const group: Group = { subscription, reason: search.get("reason") };
  return (
    <Page
      title={subscription}
      parent={PARENT}
      beside={group.reason !== null && <Badge tone="bad">{words(group.reason)}</Badge>}
      actions={
        <ButtonLink href={`/subscriptions/${encodeURIComponent(subscription)}`}>
          Show the subscription
        </ButtonLink>
      }
    >
      {meaningOf(group.reason) && <p class="lead">{meaningOf(group.reason)}</p>}
      <Letters key={`${group.subscription} ${group.reason}`} group={group} />
    </Page>
  );
}

function Letters({ group }: { group: Group }) {
  const [pages, setPages] = useState(1);
  const [selection, setSelection] = useState<Selection>(NOTHING);
  const [looked, setLooked] = useState<Letter>();
  const [asked, setAsked] = useState<"replay" | "purge">();
  const [replayId, setReplayId] = useState<string>();
  const total = useRead(`size of ${group.subscription} ${group.reason}`, (signal) => sizeOf(group, signal), {
    everyMs: REFRESH_MS,
  });
  const read = useRead(
    `letters ${group.subscription} ${group.reason} ${pages}`,
    (signal) => firstPages(pages, (from) => readLetters(group, from, signal)),
    { everyMs: REFRESH_MS * pages, stays: true },
  );
  const again = () => {
    read.again();
    total.again();
  };
  const chosen = chosenCount(selection, total.data ?? 0);

  return (
    <>
      {replayId && <Replaying id={replayId} onMoved={again} />}
      <Loaded read={read} lines={8}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty icon="check" title="No dead letters are left here">
              <p>They were replayed, delivered or purged.</p>
            </Empty>
          ) : (
            <>
              {may("operator") && (
                <Chooser
                  selection={selection}
                  set={setSelection}
                  loaded={items.map((one) => one.delivery_id)}
                  total={total.data}
                  onReplay={() => setAsked("replay")}
                  onPurge={() => setAsked("purge")}
                />
              )}
              {total.error && <Failure error={total.error} />}
              <Table
                label="Dead letters"
                columns={columnsOf(selection, setSelection, items, setLooked)}
                rows={items}
                rowKey={(one) => one.delivery_id}
              />
              {next && (
                <div class="more">
                  <Button busy={read.loading} onClick={() => setPages(pages + 1)}>
                    Show more
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
      {looked && <LetterDialog of={looked} onClose={() => setLooked(undefined)} onReplayed={again} />}
      {asked === "purge" && (
        <PurgeDialog
          group={group}
          selection={selection}
          expected={chosen}
          onClose={() => setAsked(undefined)}
          onPurged={() => {
            setAsked(undefined);
            setSelection(NOTHING);
            again();
          }}
        />
      )}
      {asked === "replay" && (
        <ReplayDialog
          group={group}
          selection={selection}
          expected={chosen}
          onClose={() => setAsked(undefined)}
          onStarted={(id) => {
            setAsked(undefined);
            setSelection(NOTHING);
            setReplayId(id);
            again();
          }}
        />
      )}
    </>
  );
}

async function sizeOf(group: Group, signal: AbortSignal): Promise<number> {
  const { items } = await answer(api.GET("/api/v1/dead-letters/groups", { signal }));
  return items
    .filter((one) => one.subscription_id === group.subscription)
    .filter((one) => group.reason === null || one.reason === group.reason)
    .reduce((sum, one) => sum + one.count, 0);
}

function readLetters(
  { subscription, reason }: Group,
  from: { cursor?: string },
  signal: AbortSignal,
): Promise<Schemas["DeliveryPageView"]> {
  const query = { subscription_id: [subscription], limit: PAGE, ...(reason === null ? {} : { reason }) };
  return firstFound(
    (after) => answer(api.GET("/api/v1/dead-letters", { params: { query: { ...query, ...after } }, signal })),
    from,
  );
}

interface ChooserProps {
  selection: Selection;
  set: (selection: Selection) => void;
  loaded: readonly string[];
  total: number | undefined;
  onReplay: () => void;
  onPurge: () => void;
}

function Chooser({ selection, set, loaded, total, onReplay, onPurge }: ChooserProps) {
  const chosen = chosenCount(selection, total ?? loaded.length);
  const isComplete = selection.all || loaded.every((id) => selection.ids.has(id));
  const hasMore = total !== undefined && total > loaded.length;
  const all = { all: true, ids: new Set<string>() };
  return (
    <div class="chooser">
      {isComplete ? (
        <Button small onClick={() => set(NOTHING)}>
          Choose none
        </Button>
      ) : (
        <Button small onClick={() => set(hasMore ? toggledPage(selection, loaded) : all)}>
          {hasMore ? `Choose these ${loaded.length}` : `Choose all ${loaded.length}`}
        </Button>
      )}
      {hasMore && !selection.all && (
        <Button small onClick={() => set(all)}>
          Choose all {count(total)}
        </Button>
      )}
      <span class="muted" aria-live="polite">
        {chosen > 0 ? `${count(chosen)} chosen` : "Choose what to send again"}
      </span>
      <Button kind="danger" icon="trash" disabled={chosen === 0} onClick={onPurge}>
        Purge
      </Button>
      <Button kind="primary" icon="replay" disabled={chosen === 0} onClick={onReplay}>
        {chosen > 0 ? `Replay ${counted(chosen, "delivery", "deliveries")}` : "Replay"}
      </Button>
    </div>
  );
}

function columnsOf(
  selection: Selection,
  set: (selection: Selection) => void,
  items: readonly Letter[],
  look: (letter: Letter) => void,
): Column<Letter>[] {
  const loaded = items.map((one) => one.delivery_id);
  const event: Column<Letter> = {
    head: "Event",
    card: "title",
    cell: (one) => (
      <button type="button" class="link-button" data-row onClick={() => look(one)}>
        {one.event_type} <span class="muted">{one.event_id}</span>
      </button>
    ),
  };
  const choose: Column<Letter> = {
    head: "Chosen",
    card: "mark",
    cell: (one) => (
      <input
        type="checkbox"
        class="tick"
        aria-label={`Choose ${one.event_id}`}
        checked={isChosen(selection, one.delivery_id)}
        onChange={() => set(toggled(selection, one.delivery_id, loaded))}
      />
    ),
  };
  return [
    ...(may("operator") ? [choose] : []),
    event,
    {
      head: "Last response",
      card: "beside",
      cell: (one) => <StatusBadge status={one.last_status} error={one.last_error} />,
    },
    { head: "Attempts", align: "right", cell: (one) => count(one.attempts) },
    {
      head: "Given up",
      align: "right",
      cell: (one) => <Time atMs={one.dead_lettered_at_ms ?? one.changed_at_ms} />,
    },
  ];
}

/** The replay that was begun here, until it is over. */
function Replaying({ id, onMoved }: { id: string; onMoved: () => void }) {
  const read = useReplay(id);
  const isOver = read.data !== undefined && !isMoving(read.data);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it is over
  useEffect(() => {
    if (isOver) onMoved();
  }, [isOver]);
  return (
    <Card
      title="Being replayed"
      actions={
        <ButtonLink small href={`/replays/${id}`}>
          Details
        </ButtonLink>
      }
    >
      <Loaded read={read} lines={1}>
        {(replay) => <ReplayProgress of={replay} again={read.again} />}
      </Loaded>
    </Card>
  );
}
