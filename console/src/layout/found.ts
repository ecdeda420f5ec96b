/** Where what was searched for leads. */
import type { Schemas } from "../api/client";
import type { IconName } from "../ui/icon";
import type { Place } from "./places";

export interface Way {
  icon: IconName;
  name: string;
  about: string;
  href: string;
}

type Found = Schemas["FoundView"];

const ICONS: Readonly<Record<Found["kind"], IconName>> = {
  delivery: "deliveries",
  event: "send",
  subscription: "subscriptions",
  event_type: "catalog",
  host: "external",
};

/** Gives the page of something that the API found. */
export function wayTo({ kind, id, detail }: Found): Way {
  const value = encodeURIComponent(id);
  const href = {
    delivery: `/deliveries/${value}`,
    event: `/deliveries?event_id=${value}`,
    subscription: `/subscriptions/${value}`,
    event_type: `/catalog/${value}`,
    host: `/deliveries?host=${value}`,
  }[kind];
  return { icon: ICONS[kind], name: id, about: detail, href };
}

/** Gives the pages that have a text in their names. */
export function pagesNamed(text: string, places: readonly Place[]): Way[] {
  const wanted = text.toLowerCase();
  return places
    .filter((place) => place.name.toLowerCase().includes(wanted))
    .map((place) => ({ icon: place.icon, name: place.name, about: "page", href: place.path }));
}

/** Gives what to search for by a text: of an endpoint's URL its host, which is what the index knows. */
export function soughtIn(text: string): string {
  return isUrl(text) ? new URL(text).hostname : text;
}

/** Gives the page whose whole address was pasted; undefined where it is none of this console. */
export function wayToAddress(text: string, origin: string): Way | undefined {
  if (!isUrl(text) || new URL(text).origin !== origin) return undefined;
  const { pathname, search } = new URL(text);
  return { icon: "external", name: pathname + search, about: "page", href: pathname + search };
}

function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text);
}

/** Gives the way to an event of which the index knows no delivery: Kafka may have it. */
export function wayToEvent(text: string): Way {
  return {
    icon: "question",
    name: text,
    about: "look for this event in Kafka",
    href: `/events/${encodeURIComponent(text)}`,
  };
}
