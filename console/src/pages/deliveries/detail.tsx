/** One delivery: whether it was sent, why not, every attempt, and the button that sends it again. */
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { answer, api, once, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { may, mayHandle } from "../../session";
import { DeliveryBadge, SubscriptionBadge } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { Id } from "../../ui/copy";
import { ConfirmDialog } from "../../ui/dialog";
import { Card, Facts } from "../../ui/facts";
import { words } from "../../ui/format";
import { Icon } from "../../ui/icon";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { Time } from "../../ui/time";
import { say } from "../../ui/toast";
import { BodyCard, RequestCard } from "./body";
import { Timeline } from "./timeline";
import { hasEnded, verdictOn } from "./verdict";

type Detail = Schemas["DeliveryDetailView"];

const EVERY_MS = 3000;
const PARENT = { name: "Deliveries", href: "/deliveries" };

export function DeliveryPage({ id }: { id: string }) {
  /** How many attempts there were when it was sent again; then the next one is waited for. */
  const [resentAfter, setResentAfter] = useState(-1);
  const read = useRead(
    `delivery ${id}`,
    (signal) =>
      answer(api.GET("/api/v1/deliveries/{delivery_id}", { params: { path: { delivery_id: id } }, signal })),
    {
      everyMs: ({ delivery: { state, attempts } }) =>
        // Each look asks Kafka.
        hasEnded(state) && attempts > resentAfter ? undefined : EVERY_MS,
    },
  );
  const delivery = read.data?.delivery;
  if (read.error?.status === 404 && !delivery) return <NoSuchDelivery id={id} hint={read.error.hint} />;
  return (
    <Page
      title={delivery ? delivery.event_type : "Delivery"}
      parent={PARENT}
      beside={delivery && <DeliveryBadge state={delivery.state} />}
      actions={
        delivery && (
          <Actions
            delivery={delivery}
            onSent={() => {
              setResentAfter(delivery.attempts);
              read.again();
            }}
          />
        )
      }
    >
      <Loaded read={read} lines={10}>
        {(found) => <DeliveryDetail detail={found} />}
      </Loaded>
    </Page>
  );
}

function DeliveryDetail({ detail }: { detail: Detail }) {
  const { delivery, attempts, body, request } = detail;
  const verdict = verdictOn(delivery, attempts);
  return (
    <div class="main-and-side">
      <div class="stack">
        <div class={`notice tone-${verdict.tone}`} aria-live="polite">
          <Icon name={verdict.tone === "good" ? "check" : verdict.tone === "bad" ? "alert" : "clock"} />
          <div>
            <p>
              <strong>{verdict.text}</strong>
            </p>
            <p class="muted">{verdict.more}</p>
          </div>
        </div>
        <Card title="What happened">
          <Timeline attempts={attempts} dueAtMs={delivery.due_at_ms} plannedAtMs={delivery.planned_at_ms} />
        </Card>
        <RequestCard request={request} />
        <BodyCard body={body} />
      </div>
      <Card title="Delivery">
        <DeliveryFacts detail={detail} />
      </Card>
    </div>
  );
}

function DeliveryFacts({ detail: { delivery, source, subscription: recipient } }: { detail: Detail }) {
  const { subscription_id: subscription, event_id: event } = delivery;
  return (
    <Facts
      of={[
        ["Delivery", <Id key="id" value={delivery.delivery_id} label="delivery id" />],
        ["Event", <Id key="event" value={event} label="event id" />],
        [
          "",
          <Link key="all" href={`/deliveries?event_id=${encodeURIComponent(event)}`}>
            All deliveries of this event
          </Link>,
        ],
        [
          "Subscription",
          <Link key="sub" href={`/subscriptions/${encodeURIComponent(subscription)}`}>
            {subscription}
          </Link>,
        ],
        [
          "Is now",
          recipient && recipient.state !== "active" && (
            <SubscriptionBadge key="state" state={recipient.state} />
          ),
        ],
        ["Tenant", delivery.tenant],
        ["Reason", delivery.reason && words(delivery.reason)],
        ["Planned", delivery.planned_at_ms !== null && <Time atMs={delivery.planned_at_ms} />],
        ["Replayed", delivery.replayed_at_ms !== null && <Time atMs={delivery.replayed_at_ms} />],
        ["Given up", delivery.dead_lettered_at_ms !== null && <Time atMs={delivery.dead_lettered_at_ms} />],
        ["Record", source && `${source.topic}, partition ${source.partition}, offset ${source.offset}`],
        ["Next attempt", delivery.due_at_ms !== null && <Time atMs={delivery.due_at_ms} />],
      ]}
    />
  );
}

function Actions({ delivery, onSent }: { delivery: Schemas["DeliveryView"]; onSent: () => void }) {
  const [asking, setAsking] = useState(false);
  const resend = useAction(async (id: string) =>
    answer(
      api.POST("/api/v1/deliveries/{delivery_id}/resend", {
        params: { path: { delivery_id: id }, header: once() },
      }),
    ),
  );
  const send = async () => {
    if (await resend.run(delivery.delivery_id)) {
      setAsking(false);
      say("good", "It is on its way again", "with the same webhook-id, so that the receiver knows it");
      onSent();
    }
  };
  return (
    <>
      {may("viewer") && (
        <ButtonLink icon="question" href={`/events/${encodeURIComponent(delivery.event_id)}`}>
          Explain the event
        </ButtonLink>
      )}
      {mayHandle() && (
        <Button kind="primary" icon="replay" onClick={() => setAsking(true)}>
          Send again
        </Button>
      )}
      {asking && (
        <ConfirmDialog
          title="Send this delivery again?"
          confirm="Send again"
          busy={resend.busy}
          error={resend.error}
          onConfirm={send}
          onClose={() => setAsking(false)}
        >
          <p>
            {delivery.subscription_id} gets the same body once more, with the same webhook-id, as soon as
            nothing else of it waits.
            {delivery.state === "delivered" &&
              " It has it already; a receiver that looks at the id will ignore it."}
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}

function NoSuchDelivery({ id, hint }: { id: string; hint: string | undefined }) {
  return (
    <Page title="No such delivery" parent={PARENT}>
      <Empty title={`The index has no delivery ${id}`}>
        <p>{hint}</p>
        <p>
          <Link href={`/deliveries?event_id=${encodeURIComponent(id)}`}>Search for it as an event id</Link>
        </p>
      </Empty>
    </Page>
  );
}
