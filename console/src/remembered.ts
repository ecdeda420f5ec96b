/** Choices that a browser remembers for its user. */
import { effect, type Signal, signal } from "@preact/signals";

/** Gives a choice that outlives the page; where nothing can be remembered, it lasts as long as the page. */
export function remembered<T extends string>(name: string, choices: readonly T[], first: T): Signal<T> {
  const key = `gateway.${name}`;
  const choice = signal(read(key, choices) ?? first);
  effect(() => {
    const value = choice.value;
    try {
      localStorage.setItem(key, value);
    } catch {
      // Private windows and frames of other sites may have no storage.
    }
  });
  return choice;
}

function read<T extends string>(key: string, choices: readonly T[]): T | undefined {
  try {
    const found = localStorage.getItem(key);
    return choices.find((one) => one === found);
  } catch {
    return undefined;
  }
}
