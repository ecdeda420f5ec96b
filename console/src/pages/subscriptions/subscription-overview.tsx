/** How a subscription fares: numbers, attempts over time, its circuit and lane, its last attempts, what happened to it. */
import { useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Button, ButtonLink } from "../../ui/button";
import { Chart } from "../../ui/chart";
import { Card, Stat } from "../../ui/facts";
import { Segments } from "../../ui/field";
import { brief, count, counted, duration, percent, relative } from "../../ui/format";
import { Empty, Failure, Loaded } from "../../ui/states";
import { useNow } from "../../ui/time";
import { RecentAttempts } from "./recent-attempts";
import { Signals } from "./signals";
import { spansOf } from "./spans";
import type { Subscription } from "./use-subscription";

type Health = Schemas["SubscriptionHealthView"];

const REFRESH_MS = 10_000;
const SPANS = [
  { value: "1", label: "1 hour" },
  { value: "24", label: "24 hours" },
  { value: "168", label: "7 days" },
] as const;

export function SubscriptionOverview({ of }: { of: Subscription }) {
  const [search, setSearch] = useSearchParams();
  const hours = SPANS.find((one) => one.value === search.get("hours"))?.value ?? "24";
  const path = { subscription_id: of.id };
  const read = useRead(
    `health ${of.id} ${hours}`,
    async (signal) => {
      const query = { hours: Number(hours) };
      const asked = api.GET("/api/v1/subscriptions/{subscription_id}/health", {
        params: { path, query },
        signal,
      });
      return { health: await answer(asked), ...query };
    },
    { everyMs: REFRESH_MS, stays: true },
  );
  return (
    <div class="stack">
      <Loaded read={read} lines={6}>
        {({ health, hours: shown }) => (
          <>
            <Numbers of={health} />
            <div class="main-and-side">
              <div class="stack">
                <Card
                  title="Attempts"
                  actions={
                    <Segments
                      label="How far back"
                      value={hours}
                      choices={SPANS}
                      onValue={(chosen) => setSearch({ hours: chosen }, { replace: true })}
                    />
                  }
                >
                  <AttemptsChart of={health} hours={shown} />
                </Card>
                <RecentAttempts id={of.id} />
              </div>
              <div class="stack">
                <Waiting id={of.id} lane={health.lane} />
                <Signals of={health.signals} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Numbers({ of }: { of: Health }) {
  const nowMs = useNow();
  const share = of.success_rate;
  return (
    <dl class="stats">
      <Stat
        label="Success"
        value={share === null ? "–" : percent(share)}
        about={counted(of.attempts, "attempt")}
        tone={share === null ? undefined : share >= 0.99 ? "good" : share >= 0.9 ? "warn" : "bad"}
      />
      <Stat
        label="Latency (p95)"
        value={of.p95_ms === null ? "–" : duration(of.p95_ms)}
        about={of.mean_ms === null ? "no attempts" : `mean ${duration(of.mean_ms)}`}
      />
      <Stat
        label="Circuit"
        value={of.circuit.open ? "open" : "closed"}
        about={of.state === "active" ? circuitWords(of.circuit, nowMs) : `nothing is sent: ${of.state}`}
        tone={of.circuit.open ? "bad" : undefined}
      />
      <Stat
        label="Last delivered"
        value={of.last_delivered ? relative(of.last_delivered.started_at_ms, nowMs) : "never"}
        about={
          of.last_failed
            ? `last failure ${relative(of.last_failed.started_at_ms, nowMs)}`
            : "no failure known"
        }
      />
    </dl>
  );
}

function circuitWords(circuit: Health["circuit"], nowMs: number): string {
  if (!circuit.open) return "attempts are made";
  if (circuit.until_ms === null) return "nothing is sent";
  return circuit.until_ms > nowMs
    ? `tried again ${relative(circuit.until_ms, nowMs)}`
    : "tried with the next delivery";
}

function AttemptsChart({ of, hours }: { of: Health; hours: number }) {
  if (of.attempts === 0) {
    return (
      <Empty icon="send" title="No attempt in this time">
        <p>Send a test event to see whether the endpoint answers.</p>
      </Empty>
    );
  }
  const { timesMs, delivered, failed } = spansOf(of.spans, of.since_ms, of.span_ms, hours);
  return (
    <Chart
      label={`${count(of.delivered)} of ${counted(of.attempts, "attempt")} delivered, by spans of ${duration(of.span_ms)}`}
      timesMs={timesMs}
      format={brief}
      series={[
        { label: "Delivered", colour: "--good", values: delivered, filled: true },
        { label: "Failed", colour: "--bad", values: failed, filled: true },
      ]}
    />
  );
}

/** What waits: what was told last, and counted in Kafka when somebody asks. */
function Waiting({ id, lane }: { id: string; lane: Health["lane"] }) {
  const nowMs = useNow();
  const [asked, setAsked] = useState(0);
  const read = useRead(asked ? `backlog ${id} ${asked}` : null, (signal) =>
    answer(
      api.GET("/api/v1/subscriptions/{subscription_id}/backlog", {
        params: { path: { subscription_id: id } },
        signal,
      }),
    ),
  );
  const counted = read.data;
  return (
    <Card
      title="What waits"
      actions={
        <Button small icon="replay" busy={read.loading} onClick={() => setAsked((times) => times + 1)}>
          Count
        </Button>
      }
    >
      {read.error && <Failure error={read.error} />}
      <p>
        {lane.lagging
          ? `Lagging${lane.since_ms === null ? "" : ` since ${relative(lane.since_ms, nowMs)}`}: deliveries wait for their turn.`
          : "Keeps up: nothing has been reported to wait."}
      </p>
      {lane.lagging && (
        <p class="muted">
          {lane.waiting !== null && `${count(lane.waiting)} waited when it was told`}
          {lane.oldest_waiting_at_ms !== null &&
            `, the oldest from ${relative(lane.oldest_waiting_at_ms, nowMs)}`}
        </p>
      )}
      {counted && (
        <dl class="pairs">
          <div>
            <dt>due now</dt>
            <dd>
              {count(counted.waiting)}
              {counted.oldest_waiting_at_ms !== null &&
                `, oldest from ${relative(counted.oldest_waiting_at_ms, nowMs)}`}
            </dd>
          </div>
          <div>
            <dt>to be retried</dt>
            <dd>
              {count(counted.retrying)}
              {counted.next_retry_at_ms !== null && `, next ${relative(counted.next_retry_at_ms, nowMs)}`}
            </dd>
          </div>
        </dl>
      )}
      {counted && !counted.complete && (
        <p class="muted">There may be more: the count stopped before the end.</p>
      )}
      <ButtonLink small href={`/deliveries?subscription_id=${encodeURIComponent(id)}&state=retry_scheduled`}>
        Deliveries to be retried
      </ButtonLink>
    </Card>
  );
}
