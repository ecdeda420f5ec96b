/** The fields that narrow the list of deliveries down; all of them are in the page's address. */
import { useState } from "preact/hooks";
import { answer, api } from "../../api/client";
import { useRead } from "../../api/use-read";
import { seesAllTenants } from "../../session";
import { Button } from "../../ui/button";
import { SelectField } from "../../ui/field";
import { words } from "../../ui/format";
import { TypedField } from "../../ui/typed-field";
import {
  changed,
  fieldOf,
  isNarrowed,
  type MomentName,
  momentOf,
  queryOf,
  STATES,
  type TextName,
} from "./filters";

interface Props {
  params: URLSearchParams;
  onParams: (params: URLSearchParams) => void;
}

export function FilterBar({ params, onParams }: Props) {
  const query = queryOf(params);
  const types = useRead("event types", (signal) => answer(api.GET("/api/v1/event-types", { signal })));
  const [isOpened, setOpened] = useState(false);
  // What narrows the list is never hidden.
  const isNeeded = Boolean(
    query.host || query.tenant || query.delivery_id || query.since_ms || query.before_ms,
  );
  const all = isOpened || isNeeded;
  const set = (name: string, ...values: string[]) => onParams(changed(params, name, values));
  const text = (name: TextName, label: string, placeholder: string) => (
    <TypedField
      label={label}
      placeholder={placeholder}
      value={params.get(name) ?? ""}
      onTyped={(value) => set(name, value)}
    />
  );
  const moment = (name: MomentName, label: string) => (
    <TypedField
      label={label}
      type="datetime-local"
      value={fieldOf(query[name])}
      onTyped={(value) => {
        // A year that is half typed is no moment, and must not take away what is typed.
        const atMs = momentOf(value);
        if (atMs !== undefined || value === "") set(name, String(atMs ?? ""));
      }}
    />
  );
  return (
    <search class="filters" aria-label="Filter deliveries">
      {text("event_id", "Event id", "the webhook-id")}
      {text("subscription_id", "Subscription", "its id")}
      <SelectField
        label="State"
        value={query.state?.[0] ?? ""}
        onValue={(value) => set("state", value)}
        choices={[
          { value: "", label: "any" },
          ...STATES.map((state) => ({ value: state, label: words(state) })),
        ]}
      />
      <SelectField
        label="Event type"
        value={query.event_type ?? ""}
        onValue={(value) => set("event_type", value)}
        choices={[
          { value: "", label: "any" },
          ...namesWith(query.event_type, types.data?.items.map((one) => one.event_type) ?? []).map(
            (name) => ({
              value: name,
              label: name,
            }),
          ),
        ]}
      />
      {all && (
        <>
          {text("delivery_id", "Delivery id", "its id")}
          {seesAllTenants() && text("tenant", "Tenant", "whose it is")}
          {text("host", "Endpoint's host", "hooks.example.com")}
          {moment("since_ms", "Planned from")}
          {moment("before_ms", "Planned before")}
        </>
      )}
      <div class="filter-buttons">
        {!isNeeded && (
          <Button kind="quiet" icon="filter" aria-expanded={all} onClick={() => setOpened(!all)}>
            {all ? "Fewer filters" : "More filters"}
          </Button>
        )}
        {isNarrowed(query) && (
          <Button kind="quiet" icon="close" onClick={() => onParams(new URLSearchParams())}>
            Clear
          </Button>
        )}
      </div>
    </search>
  );
}

/** The types that there are, and the one that is asked for, which may be gone. */
function namesWith(asked: string | undefined, names: readonly string[]): readonly string[] {
  return asked === undefined || names.includes(asked) ? names : [asked, ...names];
}
