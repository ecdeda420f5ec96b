/** What happened to an endpoint, newest first. */
import type { Schemas } from "../../api/client";
import { Card } from "../../ui/facts";
import { count, counted, relative, words } from "../../ui/format";
import { Time, useNow } from "../../ui/time";

type Signal = Schemas["SignalView"];

const TONES: Record<Signal["kind"], string> = {
  circuit_opened: "bad",
  circuit_closed: "good",
  disabled: "bad",
  dead_lettered: "bad",
  recovered: "good",
  lagging: "warn",
  caught_up: "good",
  filter_failed: "warn",
};

export function Signals({ of }: { of: readonly Signal[] }) {
  return (
    <Card title="What happened">
      {of.length === 0 ? (
        <p class="muted">No signals: its circuit has not opened, it keeps up, and nothing was given up.</p>
      ) : (
        <ol class="signals">
          {of.map((one) => (
            <li key={`${one.at_ms} ${one.kind}`} class={`tone-${TONES[one.kind]}`}>
              <p>
                <strong>{words(one.kind)}</strong> <Time atMs={one.at_ms} />
              </p>
              <Details of={one} />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}

function Details({ of }: { of: Signal }) {
  const nowMs = useNow();
  const parts = [
    of.reason && words(of.reason),
    of.failures !== null && `${count(of.failures)} failures in a row`,
    of.count !== null && counted(of.count, "time"),
    of.waiting !== null && `${count(of.waiting)} waiting`,
    of.until_ms !== null && of.until_ms > nowMs && `tried again ${relative(of.until_ms, nowMs)}`,
  ].filter(Boolean);
  return parts.length > 0 ? <p class="muted">{parts.join(", ")}</p> : null;
}
