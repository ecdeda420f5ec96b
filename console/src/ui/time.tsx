/** Moments: how long ago or ahead, kept right while one looks; hovering or a screen reader gives the exact time. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { absolute, relative } from "./format";

const STEP_MS = 1000;

/** The present, to the second, while anything shown depends on it. */
const present = signal(Date.now());
let watchers = 0;
let ticking: ReturnType<typeof setInterval> | undefined;

/** Gives the present, and shows its user anew each second. */
export function useNow(): number {
  useEffect(() => {
    watchers += 1;
    ticking ??= setInterval(() => {
      present.value = Date.now();
    }, STEP_MS);
    return () => {
      watchers -= 1;
      if (watchers > 0) return;
      clearInterval(ticking);
      ticking = undefined;
    };
  }, []);
  return present.value;
}

export function Time({ atMs }: { atMs: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(atMs).toISOString()} title={absolute(atMs)}>
      {relative(atMs, now)}
    </time>
  );
}
