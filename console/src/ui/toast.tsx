/** Short messages about what was done, for a while, in a corner; screen readers read them out. */
import { signal } from "@preact/signals";
import { IconButton } from "./button";
import { Icon } from "./icon";

const SHOWN_MS = 6000;
const MAX_SHOWN = 4;

interface Toast {
  id: number;
  tone: "good" | "bad";
  text: string;
  more: string | undefined;
}

const toasts = signal<Toast[]>([]);
let last = 0;

/** Shows a message; `more` is a second, smaller line. */
export function say(tone: Toast["tone"], text: string, more?: string): void {
  last += 1;
  const id = last;
  toasts.value = [...toasts.value, { id, tone, text, more }].slice(-MAX_SHOWN);
  setTimeout(() => drop(id), SHOWN_MS);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <div key={one.id} class={`toast tone-${one.tone}`}>
          <Icon name={one.tone === "good" ? "check" : "alert"} />
          <div>
            <p>{one.text}</p>
            {one.more && <p class="muted">{one.more}</p>}
          </div>
          <IconButton small icon="close" label="Dismiss" onClick={() => drop(one.id)} />
        </div>
      ))}
    </div>
  );
}
