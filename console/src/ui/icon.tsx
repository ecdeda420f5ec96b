/** The icons: lines on a grid of 24, in the colour of the text beside them. */

const PATHS = {
  alert: "M12 3.5 2.5 20h19zM12 10v4.500M12 17.400v.1",
  back: "M15 5l-7 7 7 7",
  catalog: "M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11M9 8h6",
  check: "M5 12.500l4.5 4.500L19 7.5",
  chevron: "M9 5l7 7-7 7",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.500V12l3 2",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  dark: "M20 14.500A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.500z",
  deadLetters: "M3 6.5h18v12H3zM3.5 7l8.5 6 8.5-6M9 21h6",
  deliveries: "M4 12h13M12 6l6 6-6 6M21 5v14",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  edit: "M4 20h4L19.5 8.500l-4-4L4 16zM13 7l4 4",
  external: "M13 5h6v6M19 5l-9 9M10 5H5v14h14v-5",
  filter: "M4 6h16M7 12h10M10 18h4",
  key: "M14.5 13.500a5 5 0 1 0-4-4L3 17v4h4l1-1v-2h2v-2h2l2.5-2.500zM16.5 7.500v.1",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M4.9 4.900l1.4 1.400M17.7 17.700l1.4 1.400M2 12h2M20 12h2M4.9 19.100l1.4-1.400M17.7 6.300l1.4-1.4",
  live: "M3 12h4l3-8 4 16 3-8h4",
  menu: "M4 6h16M4 12h16M4 18h16",
  more: "M5 12h.1M12 12h.1M19 12h.1",
  overview: "M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500v15l12-7.500z",
  plus: "M12 5v14M5 12h14",
  question:
    "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9.5 9.500a2.5 2.5 0 1 1 3.5 2.300c-.7.3-1 .9-1 1.700M12 16.900v.1",
  replay: "M4 12a8 8 0 1 0 2.5-5.800L4 8.500M4 4v4.500h4.5",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.500L20 20",
  send: "M21 3L10 14M21 3l-7 18-4-7-7-4z",
  subscriptions:
    "M12 4a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM5 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM19 15a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM10.5 9.700l-4 5.700M13.5 9.700l4 5.7",
  system: "M3 5h18v11H3zM8 20h8M12 16v4",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.500c.5-4 3.5-6 7.5-6s7 2 7.5 6",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside a text that says the same, so it is not read out. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: one event, two who get it. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M8 16h5c4 0 4-6.5 8-6.5h1M13 16c4 0 4 6.5 8 6.5h1" />
      <circle cx="8" cy="16" r="2.8" />
      <circle cx="24" cy="9.5" r="2.8" />
      <circle cx="24" cy="22.5" r="2.8" />
    </svg>
  );
}
