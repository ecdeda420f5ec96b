/** The newest attempts to a subscription; each leads to its delivery. */
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Badge, StatusBadge } from "../../ui/badge";
import { ButtonLink } from "../../ui/button";
import { Card } from "../../ui/facts";
import { duration, words } from "../../ui/format";
import { LiveTable } from "../../ui/live-table";
import { Empty, Loaded } from "../../ui/states";
import type { Column } from "../../ui/table";
import { Time } from "../../ui/time";

type Attempt = Schemas["FoundAttemptView"];

const LIMIT = 12;
const REFRESH_MS = 5000;

const COLUMNS: readonly Column<Attempt>[] = [
  { head: "Event", card: "title", cell: (one) => one.event_type },
  { head: "Response", card: "beside", cell: (one) => <StatusBadge status={one.status} error={one.error} /> },
  { head: "Outcome", cell: (one) => outcomeOf(one) },
  { head: "Attempt", align: "right", cell: (one) => <AttemptNumber of={one} /> },
  { head: "Duration", align: "right", cell: (one) => duration(one.duration_ms) },
  { head: "When", align: "right", cell: (one) => <Time atMs={one.started_at_ms} /> },
];

export function RecentAttempts({
  id,
  href = pathOfDelivery,
}: {
  id: string;
  href?: (deliveryId: string) => string;
}) {
  const read = useRead(
    `attempts ${id}`,
    (signal) =>
      answer(
        api.GET("/api/v1/attempts", { params: { query: { subscription_id: [id], limit: LIMIT } }, signal }),
      ),
    { everyMs: REFRESH_MS },
  );
  return (
    <Card
      title="Recent attempts"
      actions={
        <ButtonLink small href={`/deliveries?subscription_id=${encodeURIComponent(id)}`}>
          All deliveries
        </ButtonLink>
      }
    >
      <Loaded read={read}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="send" title="No attempts yet">
              <p>Attempts show up here once an event has been sent to this subscription.</p>
            </Empty>
          ) : (
            <LiveTable
              list={id}
              label="Recent attempts"
              columns={COLUMNS}
              rows={items}
              rowKey={(one) => `${one.delivery_id} ${one.started_at_ms} ${one.attempt_number}`}
              href={(one) => href(one.delivery_id)}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

function pathOfDelivery(deliveryId: string): string {
  return `/deliveries/${encodeURIComponent(deliveryId)}`;
}

function AttemptNumber({ of }: { of: Attempt }) {
  return (
    <>
      {of.attempt_number}
      {of.trigger !== "event" && (
        <>
          {" "}
          <Badge tone="calm">{of.trigger}</Badge>
        </>
      )}
    </>
  );
}

function outcomeOf(one: Attempt): string {
  return one.outcome === null ? "–" : words(one.outcome);
}
