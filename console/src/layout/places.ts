/** Where one can go: in the order of the navigation, each with its key after `g`. */

import type { Role } from "../session";
import type { IconName } from "../ui/icon";

export interface Place {
  name: string;
  path: string;
  icon: IconName;
  key: string;
  /** A page that belongs to it, but whose path does not begin with its own. */
  also?: string;
  /** Who sees it. */
  role: Role;
  /** In the bar at the foot of a small screen; the others are behind "More". */
  first?: boolean;
}

export const PLACES: readonly Place[] = [
  { name: "Overview", path: "/", icon: "overview", key: "o", role: "viewer", first: true },
  {
    name: "Subscriptions",
    path: "/subscriptions",
    also: "/new-subscription",
    icon: "subscriptions",
    key: "s",
    role: "viewer",
    first: true,
  },
  {
    name: "Deliveries",
    path: "/deliveries",
    also: "/events",
    icon: "deliveries",
    key: "d",
    role: "viewer",
    first: true,
  },
  { name: "Dead letters", path: "/dead-letters", icon: "deadLetters", key: "l", role: "viewer", first: true },
  { name: "Replays", path: "/replays", also: "/new-replay", icon: "replay", key: "r", role: "viewer" },
  { name: "Event catalog", path: "/catalog", icon: "catalog", key: "c", role: "viewer" },
  { name: "Live tail", path: "/tail", icon: "live", key: "t", role: "viewer" },
  { name: "Access", path: "/access", icon: "key", key: "a", role: "operator" },
];

/** Tells which place a path belongs to. */
export function placeOf(path: string): Place | undefined {
  const isIn = (whole: string | undefined) =>
    whole !== undefined && (path === whole || (whole !== "/" && path.startsWith(`${whole}/`)));
  return PLACES.find((place) => isIn(place.path) || isIn(place.also));
}
