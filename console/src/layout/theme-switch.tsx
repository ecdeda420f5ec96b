import { IconButton } from "../ui/button";
import { THEMES, type Theme, theme } from "./theme";

const ICONS = { system: "system", light: "light", dark: "dark" } as const;

/** Goes from the system's colours to light to dark. */
export function ThemeSwitch() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] as Theme;
  return (
    <IconButton
      icon={ICONS[theme.value]}
      label={`Colours: ${theme.value}. Change to ${next}`}
      onClick={() => {
        theme.value = next;
      }}
    />
  );
}
