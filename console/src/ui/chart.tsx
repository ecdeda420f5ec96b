/** Charts over time: lines or bars of uPlot, in the colours of the theme, with one sentence for who can't see them. */
import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { shownTheme } from "../layout/theme";
import { day, timeOfDay } from "./format";

const FEW = 10;
const MAX_HOURS_S = 36 * 3600;

export interface Series {
  label: string;
  /** A custom property of the style sheet, such as --good. */
  colour: string;
  values: readonly (number | null)[];
  /** Filled down to the axis. */
  filled?: boolean;
}

interface Props {
  /** What it shows, in a sentence: read out in the chart's place. */
  label: string;
  timesMs: readonly number[];
  series: readonly Series[];
  format: (value: number) => string;
  height?: number;
  /** Stands for the axis' lower end at least; the upper end, so that nothing is not drawn as something. */
  atLeast?: number;
}

export function Chart({ label, timesMs, series, format, height = 180, atLeast = 1 }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const shape = series.map((one) => `${one.label}\0${one.colour}\0${one.filled}`).join("\0\0");
  const latest = useRef({ timesMs, series, format, height, atLeast });
  latest.current = { timesMs, series, format, height, atLeast };

  const draw = () => {
    plot.current?.destroy();
    if (!frame.current) return;
    const { series, format, height, atLeast } = latest.current;
    plot.current = new uPlot(
      options(frame.current, series, format, height, atLeast),
      dataOf(latest.current.timesMs, series),
      frame.current,
    );
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when its lines are others
  useEffect(() => {
    draw();
    const box = frame.current;
    const resized = new ResizeObserver(
      () => box && plot.current?.setSize({ width: box.clientWidth, height }),
    );
    if (box) resized.observe(box);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [shape, height]);
  useSignalEffect(() => {
    // The colours are in the canvas, so another theme is another drawing.
    void shownTheme.value;
    if (plot.current) draw();
  });
  useEffect(() => {
    plot.current?.setData(dataOf(timesMs, series));
  }, [timesMs, series]);

  return <div ref={frame} class="chart" role="img" aria-label={label} />;
}

function dataOf(timesMs: readonly number[], series: readonly Series[]): uPlot.AlignedData {
  return [timesMs.map((atMs) => atMs / 1000), ...series.map((one) => [...one.values])];
}

function options(
  frame: HTMLElement,
  series: readonly Series[],
  format: (value: number) => string,
  height: number,
  atLeast: number,
): uPlot.Options {
  const style = getComputedStyle(frame);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--muted"),
    font: `11px ${style.fontFamily}`,
    grid: { stroke: colour("--border"), width: 1 },
    ticks: { show: false },
  };
  const shown = (value: number | null | undefined) =>
    value === null || value === undefined ? "–" : format(value);
  return {
    width: frame.clientWidth || 300,
    height,
    hooks: { ready: [showNewest], setData: [showNewest], setCursor: [showNewest] },
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.08, atLeast)] } },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 26,
        space: 64,
        values: (plot, times) => times.map(spansDays(plot) ? dayOf : hourAndMinute),
      },
      { ...axis, size: 54, space: 36, values: (_, values) => values.map(format) },
    ],
    series: [
      { label: "Time", value: (plot, at) => (at === null ? "–" : timeIn(plot, at)) },
      ...series.map((one): uPlot.Series => {
        const stroke = colour(one.colour);
        return {
          label: one.label,
          stroke,
          width: 1.75,
          points: { show: false, filter: (plot, index) => pointsOf(plot.data[index]) },
          value: (_, value) => shown(value),
          ...(one.filled ? { fill: `color-mix(in srgb, ${stroke} 16%, transparent)` } : {}),
        };
      }),
    ],
  };
}

/** Which values are drawn as points: those that no line leads to or from, and all while there are few. */
function pointsOf(values: ArrayLike<number | null | undefined> | undefined): number[] | null {
  const all = Array.from(values ?? []);
  const known = all.flatMap((value, at) => (value == null ? [] : [at]));
  const found = known.length < FEW ? known : known.filter((at) => all[at - 1] == null && all[at + 1] == null);
  return found.length > 0 ? found : null;
}

/** What stands beside the names: values where the pointer is, else the newest. */
function showNewest(plot: uPlot): void {
  if (plot.cursor.idx === null || plot.cursor.idx === undefined) {
    plot.setLegend({ idx: plot.data[0].length - 1 }, false);
  }
}

/** Where the hour alone does not say which one. */
function spansDays({ data: [times] }: uPlot): boolean {
  return (times.at(-1) ?? 0) - (times[0] ?? 0) > MAX_HOURS_S;
}

function timeIn(plot: uPlot, atS: number): string {
  return spansDays(plot) ? `${dayOf(atS)}, ${hourAndMinute(atS)}` : timeOfDay(atS * 1000);
}

function dayOf(atS: number): string {
  return day(atS * 1000);
}

function hourAndMinute(atS: number): string {
  return timeOfDay(atS * 1000).slice(0, 5);
}
