/** One event: who got it, who did not, and by which rule. */
import { Link, useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { ButtonLink } from "../../ui/button";
import { Id } from "../../ui/copy";
import { Card, Facts } from "../../ui/facts";
import { counted, words } from "../../ui/format";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { Time } from "../../ui/time";
import { Story } from "./story";

type Past = Schemas["PastExplanationView"];

const PARENT = { name: "Deliveries", href: "/deliveries" };
const FAR_BACK_H = 168;

export function EventPage({ id }: { id: string }) {
  const [params] = useSearchParams();
  const hours = params.get("far") === null ? 24 : FAR_BACK_H;
  const read = useRead(`event ${id} ${hours}`, (signal) =>
    answer(api.GET("/api/v1/events/explanation", { params: { query: { event_id: id, hours } }, signal })),
  );
  return (
    <Page title={read.data?.event?.event_type ?? "Event"} parent={PARENT}>
      {read.error?.status === 404 ? (
        <Empty title="Event not found">
          <p>
            Its record is not in the last {hours} hours of Kafka's topics, and no delivery has this id:{" "}
            <code>{id}</code>
          </p>
          {hours < FAR_BACK_H && (
            <ButtonLink href={`/events/${encodeURIComponent(id)}?far`}>Look a week back</ButtonLink>
          )}
        </Empty>
      ) : (
        <Loaded read={read} lines={8}>
          {(past) => <EventDetail id={id} past={past} />}
        </Loaded>
      )}
    </Page>
  );
}

function EventDetail({ id, past }: { id: string; past: Past }) {
  return (
    <div class="main-and-side">
      <div class="stack">
        <Obstacles past={past} />
        <Card title="Who gets it, and who does not">
          {past.items.length === 0 ? (
            <Empty icon="subscriptions" title="Nobody is subscribed">
              The event's tenant has no subscriptions.
            </Empty>
          ) : (
            <ul class="stories">
              {past.items.map((story) => (
                <Story key={story.subscription_id} story={story} isRead={past.event !== null} />
              ))}
            </ul>
          )}
          {past.omitted > 0 && (
            <p class="muted">{counted(past.omitted, "more subscription")} of the tenant are not shown.</p>
          )}
        </Card>
      </div>
      <Card title="Event">
        <EventFacts id={id} past={past} />
      </Card>
    </div>
  );
}

/** What keeps the event from all of its subscriptions. */
function Obstacles({ past }: { past: Past }) {
  const told: [string, string][] = [];
  if (past.refusal) told.push([`It is rejected: ${words(past.refusal.reason)}`, past.refusal.detail]);
  if (past.undecodable)
    told.push([`It can't be read: ${words(past.undecodable.reason)}`, past.undecodable.detail]);
  for (const one of past.rejections) told.push([`It was rejected: ${words(one.reason)}`, one.detail]);
  if (past.is_processed === false)
    told.push(["The stream has not reached it yet", "the event waits in its topic"]);
  if (past.event === null && !past.undecodable) {
    told.push([
      "The event's own record was not found",
      "a test event has none; this is what is known from its deliveries",
    ]);
  }
  return (
    <>
      {told.map(([text, more]) => (
        <div key={text} class="notice tone-warn">
          <div>
            <p>
              <strong>{text}</strong>
            </p>
            <p class="muted">{more}</p>
          </div>
        </div>
      ))}
    </>
  );
}

function EventFacts({ id, past }: { id: string; past: Past }) {
  const { event, records } = past;
  const first = records[0];
  return (
    <Facts
      of={[
        ["Event", <Id key="id" value={id} label="event id" />],
        [
          "",
          <Link key="all" href={`/deliveries?event_id=${encodeURIComponent(id)}`}>
            Deliveries of this event
          </Link>,
        ],
        ["Type", event && `${event.event_type}, version ${event.schema_version}`],
        ["Tenant", event?.tenant],
        ["Time", event && <Time atMs={event.time_ms} />],
        ["Source", event?.source],
        ["Subject", event?.subject],
        ["Record", first && `${first.topic}, partition ${first.partition}, offset ${first.offset}`],
        ["Published", records.length > 1 && `${records.length + past.more_records} times`],
      ]}
    />
  );
}
