/** How attempts went lately, as small bars: what was delivered, and above it what failed. The words beside say the same. */

import type { Schemas } from "../../api/client";
import { count, percent } from "../../ui/format";
import { type Bar, barsOf } from "./recent-hours";

type Recent = Schemas["RecentHoursView"];

const WIDTH = 120;
const HEIGHT = 22;

export function HealthBars({ recent, nowMs, hours }: { recent: Recent; nowMs: number; hours: number }) {
  const bars = barsOf(recent.hours, nowMs, hours, HEIGHT);
  const step = WIDTH / hours;
  return (
    <span class="health">
      <svg
        class="health-bars"
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={spoken(recent, hours)}
      >
        <title>{spoken(recent, hours)}</title>
        {bars.map((bar, place) => (
          <HourBar key={bar.atMs} bar={bar} x={place * step} width={step - 1} />
        ))}
      </svg>
      <span class="health-share">{recent.attempts ? percent(1 - recent.failed / recent.attempts) : "–"}</span>
    </span>
  );
}

function HourBar({ bar, x, width }: { bar: Bar; x: number; width: number }) {
  const top = HEIGHT - bar.delivered - bar.failed;
  return (
    <g>
      {bar.delivered + bar.failed === 0 && (
        <rect class="bar-none" x={x} y={HEIGHT - 1} width={width} height={1} />
      )}
      {bar.delivered > 0 && (
        <rect class="bar-good" x={x} y={HEIGHT - bar.delivered} width={width} height={bar.delivered} />
      )}
      {bar.failed > 0 && <rect class="bar-bad" x={x} y={top} width={width} height={bar.failed} />}
    </g>
  );
}

function spoken(recent: Recent, hours: number): string {
  return `Last ${hours} hours: ${count(recent.attempts)} attempts, ${count(recent.failed)} failed`;
}
