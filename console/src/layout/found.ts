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

/** Gives the way to an event of which the index knows no delivery: Kafka may have it. */
export function wayToEvent(text: string): Way {
  return {
    icon: "question",
    name: text,
    about: "look for this event in Kafka",
    href: `/events/${encodeURIComponent(text)}`,
  };
}
