/** Attempts as they happen, for as long as one looks. */
import { useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api } from "../../api/client";
import { useRead } from "../../api/use-read";
import { seesAllTenants } from "../../session";
import { Badge, StatusBadge, type Tone } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { SelectField } from "../../ui/field";
import { count, duration, timeOfDay, words } from "../../ui/format";
import { LiveTable } from "../../ui/live-table";
import { Page } from "../../ui/page";
import { Empty } from "../../ui/states";
import type { Column } from "../../ui/table";
import { TypedField } from "../../ui/typed-field";
import { changed } from "../deliveries/filters";
import { type Listening, type TailAttempt, useTail } from "./use-tail";

const OUTCOMES = ["delivered", "retry_scheduled", "put_off", "dead_lettered", "discarded"] as const;
const FILTERS = ["subscription_id", "event_type", "tenant", "outcome"];
const TONES: Readonly<Record<string, Tone>> = {
  delivered: "good",
  retry_scheduled: "warn",
  put_off: "warn",
  dead_lettered: "bad",
  discarded: "calm",
};

const COLUMNS: readonly Column<TailAttempt>[] = [
  { head: "Event type", cell: (one) => one.event_type, card: "title" },
  {
    head: "Outcome",
    cell: (one) => <Badge tone={TONES[one.outcome] ?? "calm"}>{words(one.outcome)}</Badge>,
    card: "beside",
  },
  { head: "Subscription", cell: (one) => one.subscription_id },
  { head: "Response", cell: (one) => <StatusBadge status={one.status} error={one.error} /> },
  { head: "Duration", cell: (one) => duration(one.duration_ms), align: "right" },
  { head: "Attempt", cell: (one) => `${one.attempt_number} of ${one.max_attempts}`, align: "right" },
  { head: "Event id", cell: (one) => <code>{one.event_id}</code>, wide: true, card: "hidden" },
  { head: "At", cell: (one) => <span class="number">{timeOfDay(one.started_at_ms)}</span>, align: "right" },
];

export function TailPage() {
  const [params, setParams] = useSearchParams();
  const [paused, setPaused] = useState(false);
  const known = new URLSearchParams([...params].filter(([name]) => FILTERS.includes(name)));
  const address = `/api/v1/tail?${known}`;
  const tail = useTail(address, paused);
  return (
    <Page
      title="Live tail"
      beside={<ListeningBadge listening={tail.listening} paused={paused} />}
      actions={
        <>
          <Button kind="quiet" icon="trash" onClick={tail.clear} disabled={tail.attempts.length === 0}>
            Clear
          </Button>
          <Button icon={paused ? "play" : "pause"} onClick={() => setPaused(!paused)}>
            {paused ? "Go on" : "Pause"}
          </Button>
        </>
      }
    >
      <Filters params={known} onParams={(next) => setParams(next, { replace: true })} />
      {tail.listening.state === "ended" && (
        <div class="notice tone-bad" role="alert">
          <div>
            <p>{tail.listening.detail}</p>
            <p class="muted">{tail.listening.hint}</p>
          </div>
        </div>
      )}
      <p class="muted">
        {count(tail.heard)} attempts since you opened this page
        {tail.heard > tail.attempts.length && `, the last ${count(tail.attempts.length)} are here`}
        {tail.dropped > 0 &&
          `; ${count(tail.dropped)} were left out, because more came than this page could take`}
      </p>
      {tail.attempts.length === 0 ? (
        <Empty icon="live" title="Nothing has happened yet">
          <p>
            Attempts show up here the moment they are made. To make one, send a test event from a
            subscription's page.
          </p>
          <ButtonLink href="/subscriptions">To the subscriptions</ButtonLink>
        </Empty>
      ) : (
        <LiveTable
          list={address}
          label="Attempts, newest first"
          columns={COLUMNS}
          rows={tail.attempts}
          rowKey={(one) => String(one.number)}
          href={(one) => `/deliveries/${encodeURIComponent(one.delivery_id)}`}
        />
      )}
    </Page>
  );
}

function ListeningBadge({ listening, paused }: { listening: Listening; paused: boolean }) {
  if (paused) return <Badge tone="calm">paused</Badge>;
  switch (listening.state) {
    case "live":
      return <Badge tone="good">live</Badge>;
    case "connecting":
      return <Badge tone="busy">connecting</Badge>;
    case "cut off":
      return <Badge tone="warn">Kafka does not answer</Badge>;
    case "ended":
      return <Badge tone="bad">ended</Badge>;
  }
}

function Filters({
  params,
  onParams,
}: {
  params: URLSearchParams;
  onParams: (params: URLSearchParams) => void;
}) {
  const types = useRead("event types", (signal) => answer(api.GET("/api/v1/event-types", { signal })));
  const set = (name: string) => (value: string) => onParams(changed(params, name, [value]));
  const asked = params.get("event_type") ?? "";
  const names = new Set([
    ...(asked ? [asked] : []),
    ...(types.data?.items.map((one) => one.event_type) ?? []),
  ]);
  return (
    <search class="filters" aria-label="Filter attempts">
      <TypedField
        label="Subscription"
        placeholder="its id"
        value={params.get("subscription_id") ?? ""}
        onTyped={set("subscription_id")}
      />
      <SelectField
        label="Event type"
        value={asked}
        onValue={set("event_type")}
        choices={[{ value: "", label: "any" }, ...[...names].map((name) => ({ value: name, label: name }))]}
      />
      <SelectField
        label="Outcome"
        value={params.get("outcome") ?? ""}
        onValue={set("outcome")}
        choices={[{ value: "", label: "any" }, ...OUTCOMES.map((one) => ({ value: one, label: words(one) }))]}
      />
      {seesAllTenants() && (
        <TypedField
          label="Tenant"
          placeholder="whose it is"
          value={params.get("tenant") ?? ""}
          onTyped={set("tenant")}
        />
      )}
    </search>
  );
}
