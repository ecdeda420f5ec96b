import { Chart, type Series } from "../../ui/chart";
import { Card } from "../../ui/facts";
import { duration, perSecond } from "../../ui/format";
import type { Course } from "./course";

/** How many attempts a second, and how they ended. */
export function AttemptsChart({ course }: { course: Course }) {
  const series: Series[] = [
    { label: "Delivered", colour: "--good", values: course.delivered, filled: true },
    { label: "Failed", colour: "--bad", values: course.failed, filled: true },
  ];
  return (
    <Card title="Attempts a second">
      <Chart
        label={`Attempts a second by minute: ${perSecond(last(course.delivered))} delivered and ${perSecond(last(course.failed))} failed at the end`}
        timesMs={course.timesMs}
        series={series}
        format={perSecond}
      />
    </Card>
  );
}

/** How long endpoints take to answer. */
export function DurationsChart({ course }: { course: Course }) {
  const series: Series[] = [
    { label: "p50", colour: "--accent", values: course.p50 },
    { label: "p95", colour: "--second", values: course.p95 },
    { label: "p99", colour: "--warn", values: course.p99 },
  ];
  return (
    <Card title="Latency">
      <Chart
        label="Latency by minute: p50, p95 and p99"
        timesMs={course.timesMs}
        series={series}
        format={duration}
        atLeast={10}
      />
    </Card>
  );
}

function last(values: readonly number[]): number {
  return values.at(-1) ?? 0;
}
