/** One box for everything: an id, a subscription, a host, an event type, or a page's name. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Link } from "wouter-preact";
import { answer, api } from "../api/client";
import { useRead } from "../api/use-read";
import { may } from "../session";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Failure } from "../ui/states";
import { pagesNamed, soughtIn, type Way, wayTo, wayToAddress, wayToEvent } from "./found";
import { PLACES } from "./places";

const TYPING_MS = 200;

export function SearchDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [wanted, setWanted] = useState("");
  const [isEntered, setEntered] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const waiting = setTimeout(() => setWanted(text.trim()), TYPING_MS);
    return () => clearTimeout(waiting);
  }, [text]);
  const sought = soughtIn(wanted);
  const read = useRead(
    sought === "" ? null : `search ${sought}`,
    (signal) => answer(api.GET("/api/v1/search", { params: { query: { q: sought } }, signal })),
    { stays: true },
  );
  const places = PLACES.filter((place) => may(place.role));
  const page = wayToAddress(text.trim(), location.origin);
  const ways = [
    ...(page ? [page] : []),
    ...(sought === "" ? [] : (read.data?.items ?? [])).map(wayTo),
    ...pagesNamed(text.trim(), places),
  ];
  const isKnown = text.trim() === wanted && !read.loading;
  if (ways.length === 0 && isKnown && !read.error) ways.push(wayToEvent(sought));
  const links = () => Array.from(list.current?.querySelectorAll<HTMLElement>("a") ?? []);
  // Who pastes an id presses Enter before anything was found.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list as it is once all is found
  useEffect(() => {
    if (isEntered && isKnown) links()[0]?.click();
  }, [isEntered, isKnown]);
  return (
    <Dialog title="Search" onClose={onClose}>
      <form
        class="search-box"
        onSubmit={(event) => {
          event.preventDefault();
          setWanted(text.trim());
          setEntered(true);
        }}
      >
        <Icon name="search" />
        <input
          aria-label="What to look for"
          placeholder="Event id, delivery id, subscription, host, page"
          value={text}
          maxLength={256}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setText(event.currentTarget.value);
            setEntered(false);
          }}
          onKeyDown={(event) => step(event, links(), -1)}
        />
      </form>
      {read.error && <Failure error={read.error} retry={read.again} />}
      <ul class="search-found" aria-label="Found" ref={list}>
        {ways.map((way, place) => (
          <li key={`${way.href} ${way.about}`}>
            <FoundLink way={way} onClose={onClose} onKeyDown={(event) => step(event, links(), place)} />
          </li>
        ))}
      </ul>
      <p class="visually-hidden" role="status">
        {read.loading ? "Searching" : `${ways.length} found`}
      </p>
    </Dialog>
  );
}

function FoundLink({
  way,
  onClose,
  onKeyDown,
}: {
  way: Way;
  onClose: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
}) {
  return (
    <Link href={way.href} onClick={onClose} onKeyDown={onKeyDown}>
      <Icon name={way.icon} />
      <span>
        {way.name} <span class="muted">{way.about}</span>
      </span>
    </Link>
  );
}

/** Goes through what was found with the arrow keys. */
function step(event: KeyboardEvent, links: readonly HTMLElement[], place: number): void {
  const next = { ArrowDown: place + 1, ArrowUp: place - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  const wanted = next < 0 ? document.querySelector<HTMLElement>(".search-box input") : links[next];
  wanted?.focus();
}
