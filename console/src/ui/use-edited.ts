/** A text that is typed: shown at once, told on when the typing pauses. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const PAUSE_MS = 300;

/** Gives the text as it is typed, and how to set it; `told` gets it once nothing was typed for a moment. */
export function useEdited(text: string, told: (text: string) => void): [string, (text: string) => void] {
  const [typed, setTyped] = useState(text);
  const latest = useRef({ told, typed });
  latest.current = { told, typed };
  // Before the page is seen: who is quick types before what follows, and would lose it.
  useLayoutEffect(() => {
    // What was told comes back without the space behind which one is about to type on.
    if (latest.current.typed.trim() !== text) setTyped(text);
  }, [text]);
  useEffect(() => {
    if (typed.trim() === text) return;
    const pause = setTimeout(() => latest.current.told(typed.trim()), PAUSE_MS);
    return () => clearTimeout(pause);
  }, [typed, text]);
  return [typed, setTyped];
}

/** Gives a value as it was when it had not changed for a moment. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const pause = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(pause);
  }, [value]);
  return settled;
}
