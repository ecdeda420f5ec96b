/** What is around every page: navigation at the side or at the foot, search, who is logged in, light or dark. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { may, session } from "../session";
import { Button, IconButton } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { Icon, Mark } from "../ui/icon";
import { Toasts } from "../ui/toast";
import { Account } from "./account";
import { listenToKeys } from "./keys";
import { KeysDialog } from "./keys-dialog";
import { PLACES, type Place, placeOf } from "./places";
import { SearchDialog } from "./search-dialog";
import { ThemeSwitch } from "./theme-switch";

type Open = "search" | "keys" | "more" | undefined;

export function Shell({ children }: { children: ComponentChildren }) {
  const [path, go] = useLocation();
  const [open, setOpen] = useState<Open>();
  const places = PLACES.filter((place) => may(place.role));
  const here = placeOf(path);
  const close = () => setOpen(undefined);

  // Both before the page is seen: who is quick presses a key that nobody hears, or opens what is closed at once.
  useLayoutEffect(
    () =>
      listenToKeys(Object.fromEntries(PLACES.map((place) => [place.key, place.path])), {
        search: () => setOpen("search"),
        help: () => setOpen("keys"),
        go,
      }),
    [go],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: whoever went somewhere is done with what was open
  useLayoutEffect(close, [path]);

  return (
    <div class="shell">
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <header class="side">
        <Link href="/" class="brand">
          <Mark />
          <span>Webhook gateway</span>
        </Link>
        <button type="button" class="search-button" onClick={() => setOpen("search")}>
          <Icon name="search" size={16} />
          <span>Search</span>
          <kbd>/</kbd>
        </button>
        <nav aria-label="Pages" class="side-nav">
          <PlaceLinks places={places} here={here} />
        </nav>
        <div class="side-foot">
          <Account />
          <div class="actions">
            <ThemeSwitch />
            <IconButton icon="question" label="Keys" onClick={() => setOpen("keys")} />
          </div>
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <nav aria-label="Main pages" class="foot-nav">
        <PlaceLinks places={places.filter((place) => place.first)} here={here} />
        <button
          type="button"
          class={here && !here.first ? "place place-here" : "place"}
          onClick={() => setOpen("more")}
        >
          <Icon name="more" size={18} />
          <span>More</span>
        </button>
      </nav>
      {open === "search" && <SearchDialog onClose={close} />}
      {open === "keys" && <KeysDialog onClose={close} />}
      {open === "more" && (
        <Dialog title="More" onClose={close}>
          <nav aria-label="More pages" class="more-nav">
            <PlaceLinks places={places.filter((place) => !place.first)} here={here} />
          </nav>
          <Account />
          <div class="actions">
            <ThemeSwitch />
            {session.value?.caller && (
              <Button kind="quiet" icon="question" onClick={() => setOpen("keys")}>
                Keys
              </Button>
            )}
          </div>
        </Dialog>
      )}
      <Toasts />
    </div>
  );
}

function PlaceLinks({ places, here }: { places: readonly Place[]; here: Place | undefined }) {
  return (
    <>
      {places.map((place) => (
        <Link
          key={place.path}
          href={place.path}
          class={place === here ? "place place-here" : "place"}
          aria-current={place === here ? "page" : undefined}
        >
          <Icon name={place.icon} size={18} />
          <span>{place.name}</span>
        </Link>
      ))}
    </>
  );
}
