/** One event type: its versions and what each changed, its fields, an example, what a next version would break. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Link, useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Code } from "../../ui/code";
import { Card, Tabs } from "../../ui/facts";
import { SelectField } from "../../ui/field";
import { counted, words } from "../../ui/format";
import { Page } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { Differences } from "./differences";
import { ImpactPart } from "./impact-part";
import { type Part, pathOfType } from "./paths";
import { SchemaTable } from "./schema-table";

type EventType = Schemas["EventTypeView"];
type Version = Schemas["VersionView"];

const PARENT = { name: "Event catalog", href: "/catalog" };

export function EventTypePage({ eventType, part }: { eventType: string; part: Part }) {
  const read = useRead(`event type ${eventType}`, (signal) =>
    answer(
      api.GET("/api/v1/event-types/{event_type}", { params: { path: { event_type: eventType } }, signal }),
    ),
  );
  return (
    <Page title={eventType} parent={PARENT}>
      <Loaded read={read} lines={8}>
        {(type) => (
          <>
            {type.about && <p class="lead">{type.about}</p>}
            <Tabs
              label={`Parts of ${eventType}`}
              here={pathOfType(eventType, part)}
              tabs={[
                ["Versions", pathOfType(eventType)],
                ["Fields", pathOfType(eventType, "schema")],
                ["Example", pathOfType(eventType, "example")],
                ["Next version", pathOfType(eventType, "impact")],
              ]}
            />
            {part === "versions" && <Versions of={type} />}
            {part === "schema" && (
              <OfVersion of={type} what={(version) => <Fields of={type} version={version} />} />
            )}
            {part === "example" && (
              <OfVersion of={type} what={(version) => <Example of={type} version={version} />} />
            )}
            {part === "impact" && <ImpactPart of={type} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Versions({ of }: { of: EventType }) {
  const read = useRead(`versions of ${of.event_type}`, (signal) =>
    answer(
      api.GET("/api/v1/event-types/{event_type}/versions", {
        params: { path: { event_type: of.event_type } },
        signal,
      }),
    ),
  );
  return (
    <Loaded read={read} lines={6}>
      {({ items }) => (
        <div class="stack">
          {items.map((version, place) => (
            <VersionCard key={version.version} of={version} isNewest={place === 0} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

function VersionCard({ of, isNewest }: { of: Version; isNewest: boolean }) {
  return (
    <Card
      title={
        <>
          Version {of.version} {isNewest && <Badge tone="good">the latest</Badge>}{" "}
          {!of.exists && <Badge tone="bad">only pins refer to it</Badge>}
        </>
      }
    >
      <div class="columns">
        <div class="named-block">
          <h3>{of.previous === null ? "The first version" : `Changes since version ${of.previous}`}</h3>
          {of.previous !== null && <Differences of={of.differences} />}
        </div>
        <div class="named-block">
          <h3>
            {of.subscription_count === 0
              ? "No subscription gets it"
              : `${counted(of.subscription_count, "subscription gets", "subscriptions get")} it, ${of.pinned_count} by a pin`}
          </h3>
          <ul class="users">
            {of.subscriptions.map((one) => (
              <li key={one.subscription_id}>
                <Link href={`/subscriptions/${encodeURIComponent(one.subscription_id)}/settings`}>
                  {one.subscription_id}
                </Link>{" "}
                <span class="muted">{words(one.rule)}</span>
              </li>
            ))}
          </ul>
          {of.subscription_count > of.subscriptions.length && (
            <p class="muted">and {counted(of.subscription_count - of.subscriptions.length, "other")}</p>
          )}
        </div>
      </div>
    </Card>
  );
}

/** A part that shows one version, which can be chosen; it is in the address. */
function OfVersion({ of, what }: { of: EventType; what: (version: number) => ComponentChildren }) {
  const [search, setSearch] = useSearchParams();
  const newest = of.versions.at(-1) ?? 1;
  const asked = Number(search.get("version"));
  const version = of.versions.includes(asked) ? asked : newest;
  return (
    <div class="stack">
      <div class="filters">
        <SelectField
          label="Version"
          value={String(version)}
          onValue={(chosen) => setSearch({ version: chosen }, { replace: true })}
          choices={[...of.versions].reverse().map((one) => ({
            value: String(one),
            label: one === newest ? `${one}, the latest` : String(one),
          }))}
        />
      </div>
      {what(version)}
    </div>
  );
}

function pathOf(of: EventType, version: number) {
  return { event_type: of.event_type, version: String(version) };
}

function Fields({ of, version }: { of: EventType; version: number }) {
  const [isRaw, setRaw] = useState(false);
  const read = useRead(`schema ${of.event_type} ${version}`, (signal) =>
    answer(
      api.GET("/api/v1/event-types/{event_type}/versions/{version}", {
        params: { path: pathOf(of, version) },
        signal,
      }),
    ),
  );
  return (
    <Loaded read={read} lines={8}>
      {(found) => (
        <Card
          title={`Version ${found.version}`}
          actions={
            <Button small onClick={() => setRaw(!isRaw)}>
              {isRaw ? "Show as a table" : "Show the Avro schema"}
            </Button>
          }
        >
          <p class="muted">
            Fingerprint <code>{found.fingerprint}</code>
          </p>
          {isRaw ? (
            <Code text={JSON.stringify(found.avro)} label="Avro schema" />
          ) : (
            <SchemaTable avro={found.avro} sensitive={of.sensitive_fields} />
          )}
        </Card>
      )}
    </Loaded>
  );
}

function Example({ of, version }: { of: EventType; version: number }) {
  const [seed, setSeed] = useState(0);
  const read = useRead(`example ${of.event_type} ${version} ${seed}`, (signal) =>
    answer(
      api.GET("/api/v1/event-types/{event_type}/versions/{version}/example", {
        params: { path: pathOf(of, version), query: { seed } },
        signal,
      }),
    ),
  );
  return (
    <Loaded read={read} lines={8}>
      {(found) => (
        <div class="columns">
          <Card
            title="Made-up data"
            actions={
              <Button small icon="replay" onClick={() => setSeed(seed + 1)}>
                Other data
              </Button>
            }
          >
            <Code text={JSON.stringify(found.data)} label="data" />
          </Card>
          <Card title="A request, as a receiver gets it">
            <div class="stack">
              <Code
                json={false}
                label="headers"
                text={Object.entries(found.request.headers)
                  .map(([name, value]) => `${name}: ${value}`)
                  .join("\n")}
              />
              <Code text={JSON.stringify(found.request.body)} label="body" />
            </div>
          </Card>
        </div>
      )}
    </Loaded>
  );
}
