/** Listens to attempts as they happen, and keeps the newest of them. */
import { useEffect, useRef, useState } from "preact/hooks";
import { type Schemas, sessionHasEnded } from "../../api/client";
import { loadSession } from "../../session";

export type TailAttempt = Schemas["TailAttemptView"] & {
  /** In the order in which they came; newer ones have a higher one. */
  number: number;
};

export const KEPT = 400;
const SHOWN_EVERY_MS = 250;
const AGAIN_MS = 15_000;

export type Listening =
  | { state: "connecting" | "live" | "cut off" }
  | { state: "ended"; detail: string; hint: string | null };

export interface Tail {
  attempts: readonly TailAttempt[];
  /** How many came in all, with those that are no longer kept. */
  heard: number;
  /** How many the console left out, because more came than this page took. */
  dropped: number;
  listening: Listening;
  clear: () => void;
}

interface Shown {
  attempts: readonly TailAttempt[];
  heard: number;
  dropped: number;
}

const NOTHING: Shown = { attempts: [], heard: 0, dropped: 0 };

/**
 * Listens while it is wanted.
 *
 * @param address the API's address with the filters; another one begins anew.
 * @param paused what is shown stays, and nothing is listened to.
 */
export function useTail(address: string, paused: boolean): Tail {
  const [shown, setShown] = useState<Shown>(NOTHING);
  const [listening, setListening] = useState<Listening>({ state: "connecting" });
  const [tries, setTries] = useState(0);
  const isLetIn = !sessionHasEnded.value;
  const waiting = useRef(nothingCame());

  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another list
  useEffect(() => {
    waiting.current = nothingCame();
    setShown(NOTHING);
  }, [address]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `tries` counts how often it was refused
  useEffect(() => {
    if (paused || !isLetIn) return;
    setListening({ state: "connecting" });
    const source = new EventSource(address);
    const on = <T>(name: string, act: (data: T) => void) =>
      source.addEventListener(name, (event) => act(JSON.parse((event as MessageEvent<string>).data) as T));
    on<Schemas["TailStateView"]>("state", ({ live }) => setListening({ state: live ? "live" : "cut off" }));
    on<Schemas["TailAttemptView"]>("attempt", (attempt) => {
      const { current } = waiting;
      current.attempts.push(attempt);
      current.heard += 1;
      // A page that nobody looks at is shown nothing, and must not grow.
      if (current.attempts.length > 2 * KEPT) current.attempts.splice(0, KEPT);
    });
    on<Schemas["DroppedView"]>("dropped", ({ count }) => {
      waiting.current.dropped += count;
    });
    on<Schemas["BrokenOffView"]>("broken", ({ detail, hint }) => {
      source.close();
      setListening({ state: "ended", detail, hint });
    });
    let again: ReturnType<typeof setTimeout> | undefined;
    source.onerror = () => {
      setListening({ state: "connecting" });
      // A connection that is lost is made again by the browser; one that was refused is not, and says no reason.
      if (source.readyState !== EventSource.CLOSED) return;
      setListening({
        state: "ended",
        detail: "The console does not let this page listen",
        hint: "it may be starting, or twenty listen already: it is tried again every 15 seconds",
      });
      // It may be that nobody is logged in any more.
      void loadSession();
      again = setTimeout(() => setTries((count) => count + 1), AGAIN_MS);
    };
    // Not with each attempt: there may be a thousand a second.
    const showing = setInterval(() => {
      const { attempts, heard, dropped } = waiting.current;
      if (document.hidden || (heard === 0 && dropped === 0)) return;
      waiting.current = nothingCame();
      setShown((before) => ({
        attempts: newestOf(before.attempts, attempts, before.heard),
        heard: before.heard + heard,
        dropped: before.dropped + dropped,
      }));
    }, SHOWN_EVERY_MS);
    return () => {
      source.close();
      clearInterval(showing);
      clearTimeout(again);
    };
  }, [address, paused, isLetIn, tries]);

  return { ...shown, listening, clear: () => setShown(NOTHING) };
}

/** What has come and is not shown yet. */
function nothingCame() {
  return { attempts: [] as Schemas["TailAttemptView"][], heard: 0, dropped: 0 };
}

/** Puts what came in front of what is kept, newest first, and forgets the oldest. */
export function newestOf(
  kept: readonly TailAttempt[],
  came: readonly Schemas["TailAttemptView"][],
  heard: number,
): readonly TailAttempt[] {
  const numbered = came.map((attempt, place) => ({ ...attempt, number: heard + place }));
  return [...numbered.reverse(), ...kept].slice(0, KEPT);
}
