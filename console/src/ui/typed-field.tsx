/** A text that is searched for when one has stopped typing, not with each letter. */
import { useEffect, useState } from "preact/hooks";
import { TextField } from "./field";

const TYPING_MS = 350;

interface Props {
  label: string;
  placeholder: string;
  value: string;
  onTyped: (value: string) => void;
}

export function TypedField({ label, placeholder, value, onTyped }: Props) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing begins the wait
  useEffect(() => {
    if (typed.trim() === value) return;
    const waiting = setTimeout(() => onTyped(typed), TYPING_MS);
    return () => clearTimeout(waiting);
  }, [typed]);
  return (
    <TextField label={label} placeholder={placeholder} maxLength={256} value={typed} onValue={setTyped} />
  );
}
