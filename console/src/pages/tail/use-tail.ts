/** Listens to attempts as they happen, and keeps the newest of them. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Schemas } from "../../api/client";
import { loadSession } from "../../session";

export type TailAttempt = Schemas["TailAttemptView"] & {
  /** In the order in which they came; newer ones have a higher one. */
  number: number;
};

export const KEPT = 400;
const SHOWN_EVERY_MS = 250;

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
  const waiting = useRef({ attempts: [] as Schemas["TailAttemptView"][], dropped: 0 });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another address is another list
  useEffect(() => setShown(NOTHING), [address]);

  useEffect(() => {
    if (paused) return;
    setListening({ state: "connecting" });
    const source = new EventSource(address);
    const on = <T>(name: string, act: (data: T) => void) =>
      source.addEventListener(name, (event) => act(JSON.parse((event as MessageEvent<string>).data) as T));
    on<Schemas["TailStateView"]>("state", ({ live }) => setListening({ state: live ? "live" : "cut off" }));
    on<Schemas["TailAttemptView"]>("attempt", (attempt) => waiting.current.attempts.push(attempt));
    on<Schemas["DroppedView"]>("dropped", ({ count }) => {
      waiting.current.dropped += count;
    });
    on<Schemas["BrokenOffView"]>("broken", ({ detail, hint }) => {
      source.close();
      setListening({ state: "ended", detail, hint });
    });
    source.onerror = () => {
      // A connection that is lost is made again by the browser; one that was refused is not.
      if (source.readyState === EventSource.CLOSED) {
        // Why, it does not say: it may be that nobody is logged in any more.
        void loadSession();
        setListening({
          state: "ended",
          detail: "The console does not let this page listen",
          hint: "it tells twenty at once at most",
        });
      } else setListening({ state: "connecting" });
    };
    // Not with each attempt: there may be a thousand a second.
    const showing = setInterval(() => {
      const { attempts, dropped } = waiting.current;
      if (attempts.length === 0 && dropped === 0) return;
      waiting.current = { attempts: [], dropped: 0 };
      setShown((before) => ({
        attempts: newestOf(before.attempts, attempts, before.heard),
        heard: before.heard + attempts.length,
        dropped: before.dropped + dropped,
      }));
    }, SHOWN_EVERY_MS);
    return () => {
      source.close();
      clearInterval(showing);
    };
  }, [address, paused]);

  return { ...shown, listening, clear: () => setShown(NOTHING) };
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
