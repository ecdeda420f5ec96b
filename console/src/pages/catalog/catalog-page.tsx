/** The event types that there are, with their versions. */
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Badge } from "../../ui/badge";
import { TextField } from "../../ui/field";
import { Page } from "../../ui/page";
import { Empty, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { useEdited } from "../../ui/use-edited";
import { pathOfType } from "./paths";

type EventType = Schemas["EventTypeView"];

const COLUMNS: readonly Column<EventType>[] = [
  {
    head: "Event type",
    card: "title",
    cell: (one) => (
      <span class="named">
        <strong>{one.event_type}</strong>
        {one.about && <span class="muted">{one.about}</span>}
      </span>
    ),
  },
  { head: "Record", cell: (one) => <code>{one.record}</code> },
  { head: "Sensitive", cell: (one) => <Sensitive count={one.sensitive_fields.length} /> },
  { head: "Versions", align: "right", cell: (one) => one.versions.join(", ") },
];

export function CatalogPage() {
  const [search, setSearch] = useSearchParams();
  const [text, setText] = useEdited(search.get("q") ?? "", (q) =>
    setSearch(q ? { q } : {}, { replace: true }),
  );
  const read = useRead(
    "event types",
    async (signal) => (await answer(api.GET("/api/v1/event-types", { signal }))).items,
  );
  return (
    <Page title="Event catalog">
      <search class="filters">
        <TextField label="Search" type="search" placeholder="Name or words" value={text} onValue={setText} />
      </search>
      <Loaded read={read} lines={6}>
        {(all) => <Found items={all.filter((one) => isLike(one, text))} isNarrowed={text.trim() !== ""} />}
      </Loaded>
    </Page>
  );
}

function Found({ items, isNarrowed }: { items: readonly EventType[]; isNarrowed: boolean }) {
  if (items.length === 0) {
    return (
      <Empty icon="catalog" title={isNarrowed ? "No event types match" : "The catalog is empty"}>
        <p>
          {isNarrowed ? "Search for part of a name or a description." : "Its schemas are in schemas/events."}
        </p>
      </Empty>
    );
  }
  return (
    <Table
      label="Event types"
      columns={COLUMNS}
      rows={items}
      rowKey={(one) => one.event_type}
      href={(one) => pathOfType(one.event_type)}
    />
  );
}

function Sensitive({ count }: { count: number }) {
  return count > 0 ? (
    <Badge tone="warn">{count === 1 ? "1 field" : `${count} fields`}</Badge>
  ) : (
    <span class="muted">none</span>
  );
}

function isLike(one: EventType, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [one.event_type, one.about ?? "", one.record].some((name) => name.toLowerCase().includes(wanted));
}
