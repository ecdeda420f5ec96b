/** Which events, in which version, with which fields. */
import type { Schemas } from "../../api/client";
import { Card } from "../../ui/facts";
import { Checkbox, Field, SelectField, TextField } from "../../ui/field";
import { coveredTypes } from "./covered-types";
import { patternsOf } from "./definition";
import type { FormState } from "./form-state";

type EventType = Schemas["EventTypeView"];

const MAX_OFFERED = 24;

interface Props {
  form: FormState;
  types: readonly EventType[];
}

export function EventsFields({ form, types }: Props) {
  const { values, set, errorOf } = form;
  const patterns = patternsOf(values.eventTypes);
  const covered = coveredTypes(patterns, types);
  const offered = types.filter((type) => !covered.includes(type)).slice(0, MAX_OFFERED);
  const put = (all: string[]) => set({ eventTypes: [all.join(", ")] });
  return (
    <Card title="Events">
      <div class="form">
        <TextField
          label="Event types"
          placeholder="order.created, invoice.*"
          required
          value={values.eventTypes.join(", ")}
          onValue={(text) => set({ eventTypes: [text] })}
          error={errorOf("event_types")}
          hint="Names, order.* for a domain, * for all. Several are separated by commas."
        />
        {offered.length > 0 && (
          <p class="chips">
            <span class="muted">Add</span>
            {offered.map((type) => (
              <button
                key={type.event_type}
                type="button"
                class="chip"
                title={type.about ?? undefined}
                onClick={() => put([...patterns, type.event_type])}
              >
                {type.event_type}
              </button>
            ))}
          </p>
        )}
        <Versions form={form} covered={covered} />
        <Grants form={form} covered={covered} />
      </div>
    </Card>
  );
}

function Versions({
  form: { values, set, errorOf },
  covered,
}: {
  form: FormState;
  covered: readonly EventType[];
}) {
  const several = covered.filter((type) => type.versions.length > 1);
  return (
    <>
      <Checkbox
        label="Follow the latest versions"
        hint="Bodies change when the catalog does. Otherwise each event type stays in the version that it has now."
        checked={values.followLatest}
        onChecked={(followLatest) => set({ followLatest })}
      />
      {!values.followLatest && several.length > 0 && (
        <div class="pair">
          {several.map((type) => (
            <SelectField
              key={type.event_type}
              label={`Version of ${type.event_type}`}
              value={String(values.pins[type.event_type] ?? "")}
              onValue={(version) => set({ pins: withPin(values.pins, type.event_type, version) })}
              choices={versionChoices(type, values.pins[type.event_type] === undefined)}
              error={errorOf("pins")}
            />
          ))}
        </div>
      )}
    </>
  );
}

function versionChoices(type: EventType, isOpen: boolean) {
  const newest = type.versions.at(-1);
  const numbered = type.versions.map((version) => ({
    value: String(version),
    label: version === newest ? `${version}, the latest` : String(version),
  }));
  return isOpen ? [{ value: "", label: "The latest of now" }, ...numbered] : numbered;
}

function withPin(pins: Record<string, number>, eventType: string, version: string): Record<string, number> {
  const { [eventType]: _, ...others } = pins;
  return version ? { ...others, [eventType]: Number(version) } : others;
}

function Grants({
  form: { values, set, errorOf },
  covered,
}: {
  form: FormState;
  covered: readonly EventType[];
}) {
  const possible = covered.flatMap((type) =>
    type.sensitive_fields.map((path) => `${type.event_type}:${path}`),
  );
  const all = [...new Set([...possible, ...values.sensitiveGrants])];
  if (all.length === 0) return null;
  return (
    <Field
      label="Sensitive fields it may see"
      hint="Fields that are not ticked are left out of every body."
      error={errorOf("sensitive_grants")}
    >
      {(control) => (
        // biome-ignore lint/a11y/useSemanticElements: the label above is the group's name
        <div role="group" id={control.id} aria-describedby={control["aria-describedby"]} class="checks">
          {all.map((grant) => (
            <Checkbox
              key={grant}
              label={<code>{grant}</code>}
              checked={values.sensitiveGrants.includes(grant)}
              onChecked={(checked) =>
                set({
                  sensitiveGrants: checked
                    ? [...values.sensitiveGrants, grant]
                    : values.sensitiveGrants.filter((one) => one !== grant),
                })
              }
            />
          ))}
        </div>
      )}
    </Field>
  );
}
