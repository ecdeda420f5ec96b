/** How it goes: what was delivered, how fast, what waits, and which endpoints do worst. */
import { useMemo } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { ButtonLink } from "../../ui/button";
import { Card, Stat } from "../../ui/facts";
import { Segments } from "../../ui/field";
import { brief, count, duration, percent, perSecond } from "../../ui/format";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { Time } from "../../ui/time";
import { IndexCard, OpenDeliveries, WorstEndpoints } from "./cards";
import { AttemptsChart, DurationsChart } from "./charts";
import { courseOf, hasJustBegun, oldestOf, presentIn, recordsOf } from "./course";
import { Waiting } from "./waiting";

type Stats = Schemas["StatsView"];

const EVERY_MS = 5000;
const SPANS = [
  { value: "15", label: "15 min" },
  { value: "60", label: "1 h" },
  { value: "360", label: "6 h" },
  { value: "1440", label: "24 h" },
] as const;
type Span = (typeof SPANS)[number]["value"];

export function OverviewPage() {
  const [params, setParams] = useSearchParams();
  const asked = SPANS.find((one) => one.value === params.get("minutes"))?.value;
  const read = useRead(
    `stats ${asked}`,
    async (signal) => {
      const stats = await readStats(asked ?? "60", signal);
      if (asked !== undefined || !hasJustBegun(stats)) return { stats, span: asked ?? "60" };
      return { stats: await readStats("15", signal), span: "15" as const };
    },
    { everyMs: EVERY_MS, stays: true },
  );
  return (
    <Page
      title="Overview"
      actions={
        <Segments<Span>
          label="Over which time"
          value={asked ?? read.data?.span ?? "60"}
          choices={SPANS}
          onValue={(value) => setParams({ minutes: value }, { replace: true })}
        />
      }
    >
      <Loaded read={read} lines={8}>
        {({ stats, span }) => <Overview stats={stats} span={span} />}
      </Loaded>
    </Page>
  );
}

function readStats(span: Span, signal: AbortSignal): Promise<Stats> {
  return answer(api.GET("/api/v1/stats", { params: { query: { minutes: Number(span) } }, signal }));
}

function Overview({ stats, span }: { stats: Stats; span: Span }) {
  const course = useMemo(() => {
    const untilMs = presentIn(stats.since_ms, Number(span), Date.now());
    return courseOf(stats.minutes, stats.since_ms, untilMs);
  }, [stats, span]);
  return (
    <>
      <Headline stats={stats} />
      {stats.attempts === 0 ? (
        <Nothing />
      ) : (
        <div class="columns">
          <AttemptsChart course={course} />
          <DurationsChart course={course} />
        </div>
      )}
      {stats.standing && <Waiting standing={stats.standing} />}
      <div class="columns">
        <WorstEndpoints stats={stats} />
        <div class="stack">
          <OpenDeliveries stats={stats} />
          <IndexCard />
        </div>
      </div>
    </>
  );
}

function Nothing() {
  return (
    <Card>
      <Empty icon="overview" title="Nothing was sent in this time">
        <p>Rates and latencies show up here once an event is published that a subscription wants.</p>
        <ButtonLink href="/subscriptions">To the subscriptions</ButtonLink>
      </Empty>
    </Card>
  );
}

function Headline({ stats }: { stats: Stats }) {
  const { standing, success_rate: success } = stats;
  const waits = standing ? [...standing.stream, ...standing.egress] : [];
  const oldest = oldestOf(waits);
  return (
    <dl class="stats">
      <Stat label="Attempts" value={perSecond(stats.per_s)} about={`${brief(stats.attempts)} in all`} />
      <Stat
        label="Delivered"
        value={success === null ? "–" : percent(success)}
        about="of all attempts"
        tone={success === null ? undefined : success >= 0.99 ? "good" : success >= 0.9 ? "warn" : "bad"}
      />
      <Stat
        label="Latency (p50)"
        value={durationOrNone(stats.p50_ms)}
        about={`p95 ${durationOrNone(stats.p95_ms)} · p99 ${durationOrNone(stats.p99_ms)}`}
      />
      {standing && (
        <Stat
          label="Lag"
          value={count(recordsOf(waits))}
          about={
            oldest === null ? (
              "nothing waits"
            ) : (
              <>
                {recordsOf(waits) === 1 ? "record waits" : "records wait"}, the oldest from{" "}
                <Time atMs={oldest} />
              </>
            )
          }
        />
      )}
      <Stat
        label="Circuits open"
        value={count(stats.open_circuit_count)}
        about={`${count(stats.lagging_count)} lag behind`}
        tone={stats.open_circuit_count > 0 ? "bad" : undefined}
      />
    </dl>
  );
}

function durationOrNone(ms: number | null): string {
  return ms === null ? "–" : duration(ms);
}
