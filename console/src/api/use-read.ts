/** Reads from the API for as long as a page is looked at: again by a clock, never two at once, ended with the page. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, sessionHasEnded } from "./client";

const MAX_WAIT_MS = 30_000;
/** Before anything was read nothing says how long to wait. */
const FIRST_WAIT_MS = 2000;

export interface Read<T> {
  /** What was read last; it stays while it is read again. */
  data: T | undefined;
  /** Why the last reading failed; undefined once one has succeeded. */
  error: ApiError | undefined;
  /** The first reading for this key is under way; `data` may be of the key before. */
  loading: boolean;
  /** Reads again, now. */
  again: () => void;
}

interface Options<T> {
  /** Read again so long after each answer, while the page is visible; by what was read, undefined for no more. */
  everyMs?: number | ((data: T) => number | undefined);
  /** What was read for the key before stays until there is something for this one: a list that is narrowed down does not blink. */
  stays?: boolean;
}

interface State<T> {
  key: string | null;
  data?: T;
  error?: ApiError | undefined;
}

/**
 * Reads, and gives what was read.
 *
 * @param key names what is read; another key is another thing and begins anew. null reads nothing.
 * @param ask asks for it, with the signal that ends it.
 */
export function useRead<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  { everyMs, stays = false }: Options<T> = {},
): Read<T> {
  const [state, setState] = useState<State<T>>({ key });
  const [asked, setAsked] = useState(0);
  const latest = useRef({ ask, everyMs });
  latest.current = { ask, everyMs };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` counts the wishes to read again; a new pause holds after the next answer
  useEffect(() => {
    if (key === null) return;
    const ending = new AbortController();
    const reading = new Reading(async () => {
      try {
        const data = await latest.current.ask(ending.signal);
        if (!ending.signal.aborted) setState({ key, data });
        reading.everyMs = pauseAfter(data, latest.current.everyMs);
        return true;
      } catch (error) {
        if (!ending.signal.aborted) {
          setState((before) => afterFailure(before, key, shown(error), stays));
        }
        return false;
      }
    });
    reading.everyMs = typeof everyMs === "function" ? FIRST_WAIT_MS : everyMs;
    reading.start();
    return () => {
      ending.abort();
      reading.stop();
    };
  }, [key, asked]);

  const again = useCallback(() => setAsked((count) => count + 1), []);
  const isCurrent = state.key === key;
  const data = isCurrent || stays ? state.data : undefined;
  const error = isCurrent ? state.error : undefined;
  return {
    data,
    error,
    loading: key !== null && error === undefined && !(isCurrent && data !== undefined),
    again,
  };
}

function afterFailure<T>(before: State<T>, key: string, error: ApiError, stays: boolean): State<T> {
  // That the session has ended is told elsewhere: what was read for this key is as good as before.
  if (error.status === 401 && before.key === key && before.data !== undefined) return before;
  return { ...(before.key === key || stays ? before : {}), key, error };
}

function pauseAfter<T>(data: T, everyMs: Options<T>["everyMs"]): number | undefined {
  return typeof everyMs === "function" ? everyMs(data) : everyMs;
}

/** Gives an error as one of the API; a fault of the page itself is shown, too, rather than a page that never loads. */
export function shown(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError({ status: 0, code: "fault", detail: `This page has a fault: ${String(error)}` });
}

/** Reads by a clock: later after failures, and not while nobody looks or nobody is let in. */
class Reading {
  everyMs: number | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private due = false;
  private ended = false;
  private forget: () => void = () => undefined;

  constructor(private readonly read: () => Promise<boolean>) {}

  start(): void {
    document.addEventListener("visibilitychange", this.looked);
    this.forget = sessionHasEnded.subscribe(this.looked);
    void this.turn();
  }

  stop(): void {
    this.ended = true;
    document.removeEventListener("visibilitychange", this.looked);
    this.forget();
    clearTimeout(this.timer);
  }

  private readonly turn = async (): Promise<void> => {
    this.due = false;
    const isRead = await this.read();
    this.failures = isRead ? 0 : this.failures + 1;
    // What was refused is read as soon as somebody is let in again, also what is read only once.
    if (!isRead && sessionHasEnded.value) this.due = true;
    if (this.due || this.everyMs === undefined || this.ended) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(
      this.elapsed,
      Math.min(this.everyMs * 2 ** this.failures, Math.max(MAX_WAIT_MS, this.everyMs)),
    );
  };

  private readonly elapsed = (): void => {
    if (document.hidden || sessionHasEnded.value) this.due = true;
    else void this.turn();
  };

  private readonly looked = (): void => {
    if (!document.hidden && !sessionHasEnded.value && this.due) void this.turn();
  };
}
