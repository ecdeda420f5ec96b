/** One box for everything: an id, a subscription, a host, or a page's name. */
import { useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { may } from "../session";
import { Dialog } from "../ui/dialog";
import { Icon, type IconName } from "../ui/icon";
import { PLACES } from "./places";

interface Found {
  icon: IconName;
  name: string;
  about: string;
  href: string;
}

export function SearchDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const wanted = text.trim();
  const found = [...waysTo(wanted), ...pagesNamed(wanted)];
  return (
    <Dialog title="Search" onClose={onClose}>
      <form
        class="search-box"
        onSubmit={(event) => {
          event.preventDefault();
          document.querySelector<HTMLElement>(".search-found a")?.click();
        }}
      >
        <Icon name="search" />
        <input
          aria-label="What to look for"
          placeholder="Event id, delivery id, subscription, host, or page"
          value={text}
          maxLength={256}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </form>
      <ul class="search-found" aria-label="Found">
        {found.map((one) => (
          <li key={one.href}>
            <Link href={one.href} onClick={onClose}>
              <Icon name={one.icon} />
              <span>
                {one.name} <span class="muted">{one.about}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function waysTo(wanted: string): Found[] {
  if (wanted === "") return [];
  const value = encodeURIComponent(wanted);
  return [
    { icon: "deliveries", name: wanted, about: "as an event id", href: `/deliveries?event_id=${value}` },
    { icon: "deliveries", name: wanted, about: "as a delivery id", href: `/deliveries/${value}` },
    { icon: "subscriptions", name: wanted, about: "as a subscription", href: `/subscriptions/${value}` },
    { icon: "external", name: wanted, about: "as an endpoint's host", href: `/deliveries?host=${value}` },
  ];
}

function pagesNamed(wanted: string): Found[] {
  return PLACES.filter(
    (place) => may(place.role) && place.name.toLowerCase().includes(wanted.toLowerCase()),
  ).map((place) => ({ icon: place.icon, name: place.name, about: "page", href: place.path }));
}
