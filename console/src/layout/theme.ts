/** Light or dark: as the system has it, unless its user has chosen. */
import { computed, effect, signal } from "@preact/signals";
import { remembered } from "../remembered";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export const theme = remembered<Theme>("theme", THEMES, "system");

const dark = matchMedia("(prefers-color-scheme: dark)");
const systemIsDark = signal(dark.matches);
dark.addEventListener("change", (event) => {
  systemIsDark.value = event.matches;
});

/** What is seen. */
export const shownTheme = computed(() => {
  if (theme.value !== "system") return theme.value;
  return systemIsDark.value ? "dark" : "light";
});

// On the root, where the style sheet's colours are chosen.
effect(() => {
  document.documentElement.dataset.theme = shownTheme.value;
});
