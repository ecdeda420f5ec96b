/** The list of subscriptions: who gets what, and how each has fared in the last day. */

import { useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import { answer, api, type Schemas } from "../../api/client";
import { firstPages } from "../../api/first-pages";
import { useRead } from "../../api/use-read";
import { may, seesAllTenants } from "../../session";
import { SubscriptionBadge } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { SelectField } from "../../ui/field";
import { Page } from "../../ui/page";
import { Empty, Failure, Loaded } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { useNow } from "../../ui/time";
import { TypedField } from "../../ui/typed-field";
import { changed } from "../deliveries/filters";
import { HealthBars } from "./health-bars";
import { pathOf } from "./paths";

type Subscription = Schemas["SubscriptionView"];
type Recent = Schemas["RecentHoursView"];

const HOURS = 24;
const PAGE = 50;
const REFRESH_MS = 15_000;
const STATES = [
  { value: "", label: "Any state" },
  { value: "active", label: "Active" },
  { value: "paused", label: "Paused" },
  { value: "disabled", label: "Disabled" },
];

export function SubscriptionsPage() {
  const [search, setSearch] = useSearchParams();
  const set = (name: string) => (value: string) =>
    setSearch(changed(search, name, [value]), { replace: true });

  return (
    <Page title="Subscriptions" actions={may("operator") && <NewButton />}>
      <search class="filters filters-few">
        <TypedField
          label="Search"
          type="search"
          placeholder="Id, URL or event type"
          value={search.get("q") ?? ""}
          onTyped={set("q")}
        />
        {seesAllTenants() && (
          <TypedField
            label="Tenant"
            placeholder="Any tenant"
            value={search.get("tenant") ?? ""}
            onTyped={set("tenant")}
          />
        )}
        <SelectField
          label="State"
          value={search.get("state") ?? ""}
          onValue={set("state")}
          choices={STATES}
        />
      </search>
      <FoundSubscriptions search={search} />
    </Page>
  );
}

function FoundSubscriptions({ search }: { search: URLSearchParams }) {
  const [more, setMore] = useState({ of: "", pages: 1 });
  const pages = more.of === search.toString() ? more.pages : 1;
  const state = search.get("state") as Subscription["state"] | null;
  const wanted = {
    ...(search.get("q") ? { q: search.get("q") as string } : {}),
    ...(search.get("tenant") ? { tenant: search.get("tenant") as string } : {}),
    ...(state ? { state } : {}),
  };
  const isNarrowed = Object.keys(wanted).length > 0;
  const read = useRead(
    `subscriptions ${search} ${pages}`,
    (signal) =>
      firstPages(pages, (from) =>
        answer(
          api.GET("/api/v1/subscriptions", {
            params: { query: { ...wanted, ...from, limit: PAGE } },
            signal,
          }),
        ),
      ),
    { everyMs: REFRESH_MS * pages, stays: true },
  );
  return (
    <Loaded read={read} lines={8}>
      {({ items, next }) =>
        items.length === 0 ? (
          <Nothing isNarrowed={isNarrowed} />
        ) : (
          <>
            <Rows items={items} />
            {next !== null && (
              <div class="more">
                <Button
                  busy={read.loading}
                  onClick={() => setMore({ of: search.toString(), pages: pages + 1 })}
                >
                  Show more
                </Button>
              </div>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function Nothing({ isNarrowed }: { isNarrowed: boolean }) {
  if (isNarrowed) {
    return (
      <Empty title="No subscriptions match">
        <p>Search for part of an id, a URL or an event type, or remove a filter.</p>
      </Empty>
    );
  }
  return (
    <Empty icon="subscriptions" title="No subscriptions yet">
      <p>
        A subscription says which events are sent where.{" "}
        {may("viewer") ? "Creating one takes a minute." : "Ask whoever gave you the link to create one."}
      </p>
      {may("operator") && <NewButton />}
    </Empty>
  );
}

function NewButton() {
  return (
    <ButtonLink kind="primary" icon="plus" href="/new-subscription">
      New subscription
    </ButtonLink>
  );
}

function Rows({ items }: { items: readonly Subscription[] }) {
  const nowMs = useNow();
  const ids = items.map((one) => one.id);
  const recent = useRead(`recent hours ${ids.join(" ")}`, (signal) => readRecent(ids, signal), {
    everyMs: REFRESH_MS,
    stays: true,
  });
  const columns: Column<Subscription>[] = [
    { head: "Subscription", card: "title", cell: (one) => <Name of={one} /> },
    { head: "State", card: "beside", cell: (one) => <SubscriptionBadge state={one.state} /> },
    { head: "Events", cell: (one) => <Patterns of={one} /> },
    ...(seesAllTenants() ? [{ head: "Tenant", cell: (one: Subscription) => one.tenant }] : []),
    {
      head: "Last 24 hours",
      cell: (one) => {
        const found = recent.data?.get(one.id);
        return found ? (
          <HealthBars recent={found} nowMs={nowMs} hours={HOURS} />
        ) : (
          <span class="muted">–</span>
        );
      },
    },
  ];
  return (
    <>
      {recent.error && <Failure error={recent.error} retry={recent.again} />}
      <Table
        label="Subscriptions"
        columns={columns}
        rows={items}
        rowKey={(one) => one.id}
        href={(one) => pathOf(one.id)}
      />
    </>
  );
}

async function readRecent(ids: readonly string[], signal: AbortSignal): Promise<Map<string, Recent>> {
  const found = new Map<string, Recent>();
  for (let start = 0; start < ids.length; start += PAGE) {
    const query = { subscription_id: ids.slice(start, start + PAGE), hours: HOURS };
    const { items } = await answer(api.GET("/api/v1/stats/subscriptions", { params: { query }, signal }));
    for (const one of items) found.set(one.subscription_id, one);
  }
  return found;
}

function Name({ of }: { of: Subscription }) {
  return (
    <span class="named">
      <strong>{of.id}</strong>
      <span class="muted">{of.description || hostOf(of.url)}</span>
    </span>
  );
}

function Patterns({ of }: { of: Subscription }) {
  return (
    <span class="chips">
      {of.event_types.map((pattern) => (
        <code key={pattern}>{pattern}</code>
      ))}
      {of.filter && <span class="muted">filtered</span>}
    </span>
  );
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
