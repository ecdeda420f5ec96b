/** What waits in Kafka: how much is left for each stage, and in each retry tier. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Schemas } from "../../api/client";
import { Chart } from "../../ui/chart";
import { Card } from "../../ui/facts";
import { brief, count } from "../../ui/format";
import { Time } from "../../ui/time";
import { type Standing, standingsWith } from "./course";

/** Since these pages were opened: it is kept while one looks at others. */
const standings = signal<readonly Standing[]>([]);

export function Waiting({ standing }: { standing: Schemas["StandingView"] }) {
  useEffect(() => {
    standings.value = standingsWith(standings.value, standing);
  }, [standing]);
  const seen = standings.value;
  const latest = seen.at(-1);
  return (
    <div class="columns">
      <Card title="Waiting" actions={<span class="muted">since you opened the console</span>}>
        {seen.length < 2 ? (
          <p class="muted">The chart begins in a few seconds.</p>
        ) : (
          <Chart
            label={`Records that wait: ${latest?.stream ?? 0} events, ${latest?.egress ?? 0} deliveries, ${latest?.tiers ?? 0} retries`}
            timesMs={seen.map((one) => one.atMs)}
            series={[
              { label: "Events", colour: "--accent", values: seen.map((one) => one.stream) },
              { label: "Deliveries", colour: "--second", values: seen.map((one) => one.egress) },
              { label: "Retries", colour: "--warn", values: seen.map((one) => one.tiers) },
            ]}
            format={brief}
            atLeast={10}
          />
        )}
      </Card>
      <Card title="In each topic" actions={<span class="muted">oldest</span>}>
        <Depths of={[...standing.stream, ...standing.egress, ...standing.tiers]} />
        <p class="muted">{count(standing.dead_letters)} records in the dead-letter topic</p>
      </Card>
    </div>
  );
}

/** Topics in which something waits; of the others it is enough that there are some. */
function Depths({ of }: { of: readonly Schemas["DepthView"][] }) {
  const filled = of.filter((depth) => depth.records > 0);
  const most = Math.max(1, ...filled.map((depth) => depth.records));
  return (
    <ul class="depths">
      {filled.map((depth) => (
        <li key={depth.topic}>
          <span class="depth-name">{depth.topic}</span>
          <meter class="depth" aria-label={depth.topic} min={0} max={most} value={depth.records} />
          <span class="number">{count(depth.records)}</span>
          <span class="muted">{depth.oldest_at_ms !== null && <Time atMs={depth.oldest_at_ms} />}</span>
        </li>
      ))}
      <li class="muted">
        {filled.length === 0
          ? "Nothing waits in any topic"
          : `${count(of.length - filled.length)} others are empty`}
      </li>
    </ul>
  );
}
