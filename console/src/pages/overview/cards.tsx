/** The overview's lists: which endpoints do worst, what is not delivered, how the console's own index does. */
import { Link } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Badge } from "../../ui/badge";
import { Card, Facts } from "../../ui/facts";
import { bytes, count, duration, percent, words } from "../../ui/format";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { Time } from "../../ui/time";

type Stats = Schemas["StatsView"];
type Endpoint = Schemas["EndpointView"];

const COLUMNS: readonly Column<Endpoint>[] = [
  { head: "Subscription", cell: (one) => one.subscription_id, card: "title" },
  { head: "Failed", cell: (one) => percent(one.failed / Math.max(1, one.attempts)), align: "right" },
  { head: "Attempts", cell: (one) => count(one.attempts), align: "right" },
  { head: "Mean time", cell: (one) => duration(one.mean_ms), align: "right" },
];

export function WorstEndpoints({ stats }: { stats: Stats }) {
  const open = new Set(stats.open_circuits.map((one) => one.subscription_id));
  const columns = COLUMNS.map((column) =>
    column.card === "title"
      ? {
          ...column,
          cell: (one: Endpoint) => (
            <>
              {one.subscription_id} {open.has(one.subscription_id) && <Badge tone="bad">circuit open</Badge>}
            </>
          ),
        }
      : column,
  );
  return (
    <Card title="Endpoints that fail most" actions={<span class="muted">by whole hours</span>}>
      {stats.worst.length === 0 ? (
        <Empty icon="check" title="No endpoint fails" />
      ) : (
        <Table
          label="Endpoints that fail most"
          columns={columns}
          rows={stats.worst}
          rowKey={(one) => one.subscription_id}
          href={(one) => `/subscriptions/${encodeURIComponent(one.subscription_id)}`}
        />
      )}
    </Card>
  );
}

/** What was planned in this time and is not delivered, and who waits longest. */
export function OpenDeliveries({ stats }: { stats: Stats }) {
  const states = Object.entries(stats.open);
  return (
    <Card title="Not delivered">
      {states.length === 0 && stats.lagging.length === 0 ? (
        <p class="muted">Everything that was planned in this time is delivered.</p>
      ) : (
        <ul class="lines">
          {states.map(([state, many]) => (
            <li key={state}>
              <Link href={`/deliveries?state=${state}&since_ms=${stats.since_ms}`}>{words(state)}</Link>
              <span class="number">{count(many)}</span>
            </li>
          ))}
          {stats.lagging.map((one) => (
            <li key={one.subscription_id}>
              <span>
                <Link href={`/subscriptions/${encodeURIComponent(one.subscription_id)}`}>
                  {one.subscription_id}
                </Link>{" "}
                <span class="muted">lags{one.reason && `: ${words(one.reason)}`}</span>
              </span>
              <span class="number">
                {one.waiting !== null && count(one.waiting)}{" "}
                {one.oldest_waiting_at_ms !== null && (
                  <span class="muted">
                    since <Time atMs={one.oldest_waiting_at_ms} />
                  </span>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** How far these pages are behind Kafka. */
export function IndexCard() {
  const health = useRead("health", (signal) => answer(api.GET("/api/v1/health", { signal })), {
    everyMs: 10_000,
  });
  return (
    <Card title="This console">
      <Loaded read={health}>
        {(found) => (
          <Facts
            of={[
              [
                "Index",
                found.caught_up ? (
                  <Badge tone="good">up to date</Badge>
                ) : (
                  <Badge tone="busy">reading, {count(found.lag)} to go</Badge>
                ),
              ],
              ["Size", bytes(found.index_bytes)],
              ["Subscriptions", count(found.subscriptions)],
              ["Not readable", found.undecodable > 0 && `${count(found.undecodable)} records`],
              ["Version", found.version],
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}
