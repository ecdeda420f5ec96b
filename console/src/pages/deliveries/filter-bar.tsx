/** The fields that narrow the list of deliveries down; all of them are in the page's address. */
import { useState } from "preact/hooks";
import { answer, api } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Button } from "../../ui/button";
import { SelectField, TextField } from "../../ui/field";
import { words } from "../../ui/format";
import { TypedField } from "../../ui/typed-field";
import { changed, fieldOf, isNarrowed, momentOf, queryOf, STATES, type TextName } from "./filters";

interface Props {
  params: URLSearchParams;
  onParams: (params: URLSearchParams) => void;
}

export function FilterBar({ params, onParams }: Props) {
  const query = queryOf(params);
  const types = useRead("event types", (signal) => answer(api.GET("/api/v1/event-types", { signal })));
  const [all, setAll] = useState(
    Boolean(query.host || query.tenant || query.delivery_id || query.since_ms || query.before_ms),
  );
  const set = (name: string, ...values: string[]) => onParams(changed(params, name, values));
  const text = (name: TextName, label: string, placeholder: string) => (
    <TypedField
      label={label}
      placeholder={placeholder}
      value={params.get(name) ?? ""}
      onTyped={(value) => set(name, value)}
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
          {text("tenant", "Tenant", "whose it is")}
          {text("host", "Endpoint's host", "hooks.example.com")}
          <TextField
            label="Planned from"
            type="datetime-local"
            value={fieldOf(query.since_ms)}
            onValue={(value) => set("since_ms", String(momentOf(value) ?? ""))}
          />
          <TextField
            label="Planned before"
            type="datetime-local"
            value={fieldOf(query.before_ms)}
            onValue={(value) => set("before_ms", String(momentOf(value) ?? ""))}
          />
        </>
      )}
      <div class="filter-buttons">
        <Button kind="quiet" icon="filter" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Fewer filters" : "More filters"}
        </Button>
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
