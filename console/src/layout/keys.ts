/** Keys that do something wherever one is: `/`, `?`, `g` and a letter, `j` and `k`. They can be turned off. */
import { remembered } from "../remembered";

export const keysAreOn = remembered("keys", ["on", "off"], "on");

const SECOND_KEY_MS = 1200;

export interface Actions {
  search: () => void;
  help: () => void;
  go: (path: string) => void;
}

/**
 * Does what the keys say, until the function that it gives is called.
 *
 * @param places where `g` and a letter lead.
 */
export function listenToKeys(places: Readonly<Record<string, string>>, actions: Actions): () => void {
  let goneAt = Number.NEGATIVE_INFINITY;
  const pressed = (event: KeyboardEvent) => {
    if (keysAreOn.value === "off" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const place = event.timeStamp - goneAt < SECOND_KEY_MS ? places[event.key] : undefined;
    goneAt = Number.NEGATIVE_INFINITY;
    if (place !== undefined) actions.go(place);
    else if (event.key === "/") actions.search();
    else if (event.key === "?") actions.help();
    else if (event.key === "j") moveInList(1);
    else if (event.key === "k") moveInList(-1);
    else if (event.key === "g") {
      goneAt = event.timeStamp;
      return;
    } else return;
    event.preventDefault();
  };
  document.addEventListener("keydown", pressed);
  return () => document.removeEventListener("keydown", pressed);
}

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]")
  );
}

/** Moves the focus through the links of a list's rows. */
function moveInList(step: 1 | -1): void {
  const rows = Array.from(document.querySelectorAll<HTMLElement>("main [data-row]"));
  const here = rows.indexOf(document.activeElement as HTMLElement);
  const next = here < 0 ? rows[step > 0 ? 0 : rows.length - 1] : rows[here + step];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
