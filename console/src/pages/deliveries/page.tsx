/** Deliveries, newest first: searched by whatever one knows of them. */
import { useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { firstFound } from "../../api/first-found";
import { useRead } from "../../api/use-read";
import { DeliveryBadge, StatusBadge } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { count } from "../../ui/format";
import { LiveTable } from "../../ui/live-table";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import type { Column } from "../../ui/table";
import { Time } from "../../ui/time";
import { FilterBar } from "./filter-bar";
import { changed, isNarrowed, queryOf } from "./filters";
import { hasEnded } from "./verdict";

type Delivery = Schemas["DeliveryView"];

const EVERY_MS = 5000;
const EVERY_LONG_MS = 60_000;
const LIMIT = 50;

export const DELIVERY_COLUMNS: readonly Column<Delivery>[] = [
  { head: "Event type", cell: (one) => one.event_type, card: "title" },
  { head: "State", cell: (one) => <DeliveryBadge state={one.state} />, card: "beside" },
  { head: "Subscription", cell: (one) => one.subscription_id },
  {
    head: "Last response",
    cell: (one) =>
      one.last_status === null && one.last_error === null ? (
        <span class="muted">{hasEnded(one.state) ? "none" : "none yet"}</span>
      ) : (
        <StatusBadge status={one.last_status} error={one.last_error} />
      ),
  },
  { head: "Attempts", cell: (one) => count(one.attempts), align: "right", card: "hidden" },
  { head: "Event id", cell: (one) => <code>{one.event_id}</code>, wide: true, card: "hidden" },
  { head: "Planned", cell: (one) => <Time atMs={one.at_ms} />, align: "right" },
];

export function deliveryPath(delivery: Pick<Delivery, "delivery_id">): string {
  return `/deliveries/${encodeURIComponent(delivery.delivery_id)}`;
}

export function DeliveriesPage() {
  const [params, setParams] = useSearchParams();
  const query = queryOf(params);
  const { cursor, ...narrowed } = query;
  const wanted = { ...narrowed, limit: LIMIT };
  const key = `deliveries ${params}`;
  const [looked, setLooked] = useState<{ key: string; backToMs: number }>();
  const read = useRead(
    key,
    (signal) =>
      firstFound(
        (from) =>
          answer(api.GET("/api/v1/deliveries", { params: { query: { ...wanted, ...from } }, signal })),
        cursor === undefined ? {} : { cursor },
        (backToMs) => setLooked({ key, backToMs }),
      ),
    // Pages behind the first one stay what they are.
    {
      stays: true,
      everyMs: ({ pages }: { pages: number }) =>
        cursor === undefined ? (pages > 1 ? EVERY_LONG_MS : EVERY_MS) : undefined,
    },
  );
  const next = read.data?.next;
  const turnTo = (cursor: string | undefined) => {
    setParams(changed(params, "cursor", cursor === undefined ? [] : [cursor]));
    window.scrollTo(0, 0);
  };
  return (
    <Page title="Deliveries">
      <FilterBar params={params} onParams={(next) => setParams(next, { replace: true })} />
      {read.loading && looked?.key === key && (
        <p class="muted" role="status">
          No matches since <Time atMs={looked.backToMs} />: looking further back…
        </p>
      )}
      <Loaded read={read} lines={12}>
        {(page) =>
          page.items.length === 0 ? (
            <NothingFound
              narrowed={isNarrowed(query)}
              older={cursor !== undefined}
              onAll={() => setParams(new URLSearchParams())}
            />
          ) : (
            <LiveTable
              list={read.loading ? undefined : key}
              label="Deliveries, newest first"
              columns={DELIVERY_COLUMNS}
              rows={page.items}
              rowKey={(one) => one.delivery_id}
              href={deliveryPath}
            />
          )
        }
      </Loaded>
      <nav class="pager" aria-label="Pages of the list">
        {cursor && <Button onClick={() => turnTo(undefined)}>Newest</Button>}
        {next && (
          <Button busy={read.loading} onClick={() => turnTo(next)}>
            Older
          </Button>
        )}
      </nav>
    </Page>
  );
}

interface NothingFoundProps {
  narrowed: boolean;
  older: boolean;
  onAll: () => void;
}

function NothingFound({ narrowed, older, onAll }: NothingFoundProps) {
  if (older) return <Empty title="There are no older ones" />;
  return narrowed ? (
    <Empty title="No deliveries match">
      <p>
        Perhaps no subscription wanted the event: search for its id to see why. Or remove a filter. The index
        goes back as far as Kafka keeps attempts.
      </p>
      <Button onClick={onAll}>Show all</Button>
    </Empty>
  ) : (
    <Empty icon="deliveries" title="Nothing has been delivered yet">
      <p>Deliveries show up here once an event is published that a subscription wants.</p>
      <ButtonLink href="/subscriptions">To the subscriptions</ButtonLink>
    </Empty>
  );
}
