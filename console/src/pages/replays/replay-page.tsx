/** One replay: what it sends again, to whom, how far it is. */
import { Link } from "wouter-preact";
import { Code } from "../../ui/code";
import { Id } from "../../ui/copy";
import { Card, Facts } from "../../ui/facts";
import { absolute, count, counted, perSecond, words } from "../../ui/format";
import { Page } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { Time } from "../../ui/time";
import { ReplayProgress } from "./replay-progress";
import { toWhom, whatOf } from "./replay-words";
import { type Replay, useReplay } from "./use-replays";

export function ReplayPage({ id }: { id: string }) {
  const read = useReplay(id);
  return (
    <Page
      title={read.data ? `Replay of ${whatOf(read.data).toLowerCase()}` : id}
      parent={{ name: "Replays", href: "/replays" }}
    >
      <Loaded read={read}>
        {(replay) => (
          <>
            <Card title="Progress">
              <ReplayProgress of={replay} again={read.again} />
            </Card>
            <div class="columns">
              <Asked of={replay} />
              <Done of={replay} />
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Asked({ of }: { of: Replay }) {
  return (
    <Card title="What was asked for">
      <Facts
        of={[
          [
            "To",
            of.subscription_ids.length > 0 ? (
              <Subscriptions key="to" ids={of.subscription_ids} />
            ) : (
              toWhom(of)
            ),
          ],
          ["Since", of.since_ms !== null && absolute(of.since_ms)],
          ["Event types", of.event_types.join(", ")],
          ["Deliveries whose result is", of.statuses.length > 0 && of.statuses.map(words).join(", ")],
          ["Given up for", of.reasons.length > 0 && of.reasons.map(words).join(", ")],
          [
            "Filter",
            of.filter !== null && <Code key="filter" text={of.filter} label="filter" json={false} />,
          ],
          ["Rate", of.rate_per_s === null ? "as fast as it goes" : `${perSecond(of.rate_per_s)} at most`],
          ["By", of.actor],
          ["Id", <Id key="id" value={of.replay_id} />],
        ]}
      />
    </Card>
  );
}

function Subscriptions({ ids }: { ids: readonly string[] }) {
  return (
    <span class="chips">
      {ids.map((id) => (
        <Link key={id} href={`/subscriptions/${encodeURIComponent(id)}`}>
          {id}
        </Link>
      ))}
    </span>
  );
}

function Done({ of }: { of: Replay }) {
  const passed = Object.entries(of.passed_over ?? {}).filter(([, times]) => times > 0);
  return (
    <Card title="What was done">
      <Facts
        of={[
          ["Deliveries begun", count(of.deliveries)],
          [
            "Records read",
            of.events_total !== null && `${count(of.events_read ?? 0)} of ${count(of.events_total)}`,
          ],
          ...passed.map(([reason, times]) => [`Passed over: ${words(reason)}`, count(times)] as const),
          ["Started", <Time key="started" atMs={of.started_at_ms} />],
          ["Last sign of life", <Time key="updated" atMs={of.updated_at_ms} />],
        ]}
      />
      <p class="muted">
        {counted(of.deliveries, "delivery", "deliveries")} with the trigger “replay” and the same webhook-id
        as the first time.
      </p>
    </Card>
  );
}
