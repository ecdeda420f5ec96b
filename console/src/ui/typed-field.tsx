/** A text that is searched for when one has stopped typing, not with each letter. */
import { TextField } from "./field";
import { useEdited } from "./use-edited";

interface Props {
  label: string;
  placeholder?: string;
  type?: "search" | "datetime-local";
  value: string;
  onTyped: (value: string) => void;
}

export function TypedField({ value, onTyped, ...rest }: Props) {
  const [typed, setTyped] = useEdited(value, onTyped);
  return <TextField maxLength={256} {...rest} value={typed} onValue={setTyped} />;
}
