/** Sends one made-up event to a subscription, and watches what becomes of it. */
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { ApiError, answer, api, once, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { StatusBadge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Code } from "../../ui/code";
import { Id } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Facts } from "../../ui/facts";
import { SelectField, TextArea } from "../../ui/field";
import { duration, words } from "../../ui/format";
import { Failure } from "../../ui/states";
import { coveredTypes } from "./covered-types";
import { objectOf } from "./example";
import { useEventTypes, useExample } from "./use-catalog";
import type { Subscription } from "./use-subscription";

type Sent = Schemas["SentView"];

const LOOK_MS = 700;

export function TestEventDialog({ of, onClose }: { of: Subscription; onClose: () => void }) {
  const types = useEventTypes();
  const covered = coveredTypes(of.event_types, types.data ?? []);
  const [chosen, setChosen] = useState<string>();
  const eventType = chosen ?? covered[0]?.event_type;
  const version =
    eventType &&
    (of.pins[eventType] ?? covered.find((type) => type.event_type === eventType)?.versions.at(-1));
  const example = useExample(eventType, version || undefined);
  const [edited, setEdited] = useState<string>();
  const text = edited ?? (example.data === undefined ? "" : JSON.stringify(example.data, null, 2));
  const data = objectOf(text);
  const [sent, setSent] = useState<Sent>();
  const sending = useAction(async () => {
    if (eventType === undefined || data === undefined) return;
    const body = { event_type: eventType, data, ...(version ? { version } : {}) };
    const params = { path: { subscription_id: of.id }, header: once() };
    setSent(await answer(api.POST("/api/v1/subscriptions/{subscription_id}/test-event", { params, body })));
  });

  return (
    <Dialog
      title={`Test ${of.id}`}
      wide
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button
            kind="primary"
            icon="send"
            busy={sending.busy}
            disabled={data === undefined || eventType === undefined}
            onClick={sending.run}
          >
            {sent ? "Send another" : "Send"}
          </Button>
        </>
      }
    >
      <p class="muted">
        One event goes to this subscription only, signed and sent like every other, whatever its filter says.
        It is tried once.
      </p>
      {sending.error && <Failure error={sending.error} />}
      {sent && <Outcome key={sent.delivery_id} of={sent} />}
      {example.error && <Failure error={example.error} retry={example.again} />}
      {types.error && <Failure error={types.error} retry={types.again} />}
      <SelectField
        label="Event type"
        value={eventType ?? ""}
        onValue={(type) => {
          setChosen(type);
          setEdited(undefined);
        }}
        choices={covered.map((type) => ({ value: type.event_type, label: type.event_type }))}
        error={
          types.data && covered.length === 0
            ? "No event type of the catalog matches this subscription"
            : undefined
        }
      />
      <TextArea
        label="Data"
        rows={12}
        value={text}
        onValue={setEdited}
        hint="Generated from the event's schema. Change what you like."
        error={text && data === undefined ? "This is not a JSON object" : undefined}
      />
    </Dialog>
  );
}

/** Watches the delivery until it was tried. */
function Outcome({ of }: { of: Sent }) {
  const read = useRead(
    `test ${of.delivery_id}`,
    async (signal) => {
      const params = { path: { delivery_id: of.delivery_id } };
      try {
        const found = await answer(api.GET("/api/v1/deliveries/{delivery_id}", { params, signal }));
        return found.attempts.at(-1) ?? null;
      } catch (error) {
        // It is in the index a moment after it was written.
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    { everyMs: (attempt) => (attempt ? undefined : LOOK_MS) },
  );
  const attempt = read.data ?? undefined;
  return (
    <section class="outcome" aria-live="polite">
      {read.error && <Failure error={read.error} />}
      <p>
        {attempt === undefined ? (
          <>
            <span class="spinner" /> Sent: waiting for the endpoint…
          </>
        ) : (
          <>
            <StatusBadge status={attempt.status} error={attempt.error} />{" "}
            {attempt.outcome === "delivered" ? "The endpoint accepted it" : "The endpoint did not accept it"},
            in {duration(attempt.duration_ms)}.
          </>
        )}
      </p>
      {attempt && (
        <Facts
          of={[
            ["Outcome", attempt.outcome && words(attempt.outcome)],
            ["What went wrong", attempt.error_detail],
            [
              "Response",
              attempt.response_excerpt && (
                <Code key="answer" text={attempt.response_excerpt} label="answer" />
              ),
            ],
          ]}
        />
      )}
      <Facts
        of={[
          ["webhook-id", <Id key="event" value={of.event_id} label="webhook-id" />],
          [
            "Delivery",
            <Link key="delivery" href={`/deliveries/${of.delivery_id}`}>
              {of.delivery_id}
            </Link>,
          ],
        ]}
      />
    </section>
  );
}
