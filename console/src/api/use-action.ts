/** Changes something once at a time, and knows how it went. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { ApiError } from "./client";
import { shown } from "./use-read";

export interface Action<A extends unknown[], T> {
  /** Does it; gives undefined where it failed, which `error` tells, or where it is under way already. */
  run: (...given: A) => Promise<T | undefined>;
  busy: boolean;
  error: ApiError | undefined;
  /** Forgets the error. */
  clear: () => void;
}

export function useAction<A extends unknown[], T>(act: (...given: A) => Promise<T>): Action<A, T> {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const latest = useRef(act);
  latest.current = act;
  const state = useRef({ busy: false, there: true });
  useEffect(() => {
    state.current.there = true;
    return () => {
      state.current.there = false;
    };
  }, []);

  const run = useCallback(async (...given: A): Promise<T | undefined> => {
    if (state.current.busy) return undefined;
    state.current.busy = true;
    setBusy(true);
    setError(undefined);
    try {
      return await latest.current(...given);
    } catch (failure) {
      if (state.current.there) setError(shown(failure));
      return undefined;
    } finally {
      state.current.busy = false;
      if (state.current.there) setBusy(false);
    }
  }, []);
  const clear = useCallback(() => setError(undefined), []);
  return { run, busy, error, clear };
}
