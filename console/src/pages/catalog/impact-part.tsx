/** What a schema would do as the next version: whether the gate lets it in, what it changes, whom it would break. */
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/facts";
import { TextArea } from "../../ui/field";
import { counted, words } from "../../ui/format";
import { Empty, Failure } from "../../ui/states";
import { objectOf } from "../subscriptions/example";
import { Differences } from "./differences";

type EventType = Schemas["EventTypeView"];
type Impact = Schemas["ImpactView"];

export function ImpactPart({ of }: { of: EventType }) {
  const newest = String(of.versions.at(-1) ?? 1);
  const present = useRead(`schema ${of.event_type} ${newest}`, (signal) =>
    answer(
      api.GET("/api/v1/event-types/{event_type}/versions/{version}", {
        params: { path: { event_type: of.event_type, version: newest } },
        signal,
      }),
    ),
  );
  const [edited, setEdited] = useState<string>();
  const [impact, setImpact] = useState<Impact>();
  const text = edited ?? (present.data ? JSON.stringify(present.data.avro, null, 2) : "");
  const avro = objectOf(text);
  const trying = useAction(async () => {
    const params = { path: { event_type: of.event_type } };
    setImpact(await answer(api.POST("/api/v1/event-types/{event_type}/impact", { params, body: { avro } })));
  });
  return (
    <div class="columns">
      <Card title="The schema of the next version">
        <div class="form">
          {present.error && <Failure error={present.error} retry={present.again} />}
          <TextArea
            label="Avro schema"
            rows={22}
            value={text}
            onValue={(typed) => {
              setEdited(typed);
              setImpact(undefined);
            }}
            hint="The latest version, to be changed, or another one pasted. Nothing is written."
            error={text && avro === undefined ? "This is not a JSON object" : undefined}
          />
          {trying.error && <Failure error={trying.error} />}
          <div class="actions">
            <Button kind="primary" busy={trying.busy} disabled={avro === undefined} onClick={trying.run}>
              Check the impact
            </Button>
          </div>
        </div>
      </Card>
      <div class="stack" aria-live="polite">
        {impact ? (
          <Outcome of={impact} />
        ) : (
          <Card>
            <Empty icon="catalog" title="Nothing tried yet">
              <p>Change the schema, then ask what it would do to the subscriptions that there are.</p>
            </Empty>
          </Card>
        )}
      </div>
    </div>
  );
}

function Outcome({ of }: { of: Impact }) {
  return (
    <>
      <Card
        title={
          <>
            As version {of.version}{" "}
            <Badge tone={of.problems.length > 0 ? "bad" : "good"}>
              {of.problems.length > 0 ? "it would be refused" : "it would be let in"}
            </Badge>
          </>
        }
      >
        {of.problems.length > 0 && <Findings of={of.problems} />}
        <div class="named-block">
          <h3>Changes to the latest version</h3>
          <Differences of={of.differences} />
        </div>
      </Card>
      <Card
        title={
          <>
            Subscriptions{" "}
            <Badge tone={of.subscriptions.length > 0 ? "bad" : "good"}>
              {of.subscriptions.length > 0 ? "some would break" : "none would break"}
            </Badge>
          </>
        }
      >
        <ul class="schema-changes">
          {of.subscriptions.map((one) => (
            <li key={`${one.subscription_id} ${one.path} ${one.rule}`}>
              <Badge tone="bad">{words(one.rule)}</Badge>
              <span>
                <Link href={`/subscriptions/${encodeURIComponent(one.subscription_id)}/settings`}>
                  {one.subscription_id}
                </Link>{" "}
                <code>{one.path}</code> <span class="muted">{one.detail}</span>
              </span>
            </li>
          ))}
        </ul>
        <p class="muted">
          {counted(of.compared, "subscription was", "subscriptions were")} looked at
          {of.omitted > 0 && `, ${counted(of.omitted, "more gets", "more get")} it`}.
        </p>
      </Card>
    </>
  );
}

function Findings({ of }: { of: Impact["problems"] }) {
  return (
    <ul class="schema-changes">
      {of.map((one) => (
        <li key={`${one.path} ${one.rule}`}>
          <Badge tone="bad">{words(one.rule)}</Badge>
          <span>
            <code>{one.path}</code> <span class="muted">{one.detail}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
