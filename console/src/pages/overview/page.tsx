/** How it goes: what was delivered, how fast, what waits, and which endpoints do worst. */
import { useMemo } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Stat } from "../../ui/facts";
import { Segments } from "../../ui/field";
import { brief, count, duration, percent, perSecond } from "../../ui/format";
import { Page } from "../../ui/page";
import { Loaded } from "../../ui/states";
import { Time } from "../../ui/time";
import { IndexCard, OpenDeliveries, WorstEndpoints } from "./cards";
import { AttemptsChart, DurationsChart } from "./charts";
import { courseOf, oldestOf, recordsOf } from "./course";
import { Waiting } from "./waiting";

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
  const span = SPANS.find((one) => one.value === params.get("minutes"))?.value ?? "60";
  const stats = useRead(
    `stats ${span}`,
    (signal) => answer(api.GET("/api/v1/stats", { params: { query: { minutes: Number(span) } }, signal })),
    { everyMs: EVERY_MS, stays: true },
  );
  return (
    <Page
      title="Overview"
      actions={
        <Segments<Span>
          label="Over which time"
          value={span}
          choices={SPANS}
          onValue={(value) => setParams({ minutes: value }, { replace: true })}
        />
      }
    >
      <Loaded read={stats} lines={8}>
        {(found) => <Overview stats={found} />}
      </Loaded>
    </Page>
  );
}

function Overview({ stats }: { stats: Schemas["StatsView"] }) {
  const course = useMemo(() => courseOf(stats.minutes, stats.since_ms, Date.now()), [stats]);
  return (
    <>
      <Headline stats={stats} />
      <div class="columns">
        <AttemptsChart course={course} />
        <DurationsChart course={course} />
      </div>
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

function Headline({ stats }: { stats: Schemas["StatsView"] }) {
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
        label="Half are answered within"
        value={durationOrNone(stats.p50_ms)}
        about={`95 % in ${durationOrNone(stats.p95_ms)}, 99 % in ${durationOrNone(stats.p99_ms)}`}
      />
      {standing && (
        <Stat
          label="Not begun yet"
          value={count(recordsOf(waits))}
          about={
            oldest === null ? (
              "nothing waits"
            ) : (
              <>
                oldest <Time atMs={oldest} />
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
