/** The filter, and beside it what it says of an event that can be changed. */
import { useState } from "preact/hooks";
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/facts";
import { SelectField, TextArea } from "../../ui/field";
import { Failure } from "../../ui/states";
import { useSettled } from "../../ui/use-edited";
import { coveredTypes } from "./covered-types";
import { patternsOf } from "./definition";
import { objectOf } from "./example";
import type { FormState } from "./form-state";

type EventType = Schemas["EventTypeView"];
type Said = Schemas["FilterAnswerView"];

const AFTER_A_FAILURE = [
  { value: "send", label: "It is sent" },
  { value: "skip", label: "It is not sent" },
];

export function FilterFields({ form, types }: { form: FormState; types: readonly EventType[] }) {
  const { values, set, errorOf } = form;
  const [isTried, setTried] = useState(false);
  const covered = coveredTypes(patternsOf(values.eventTypes), types);
  return (
    <Card
      title="Filter"
      actions={
        <Button small icon="filter" disabled={covered.length === 0} onClick={() => setTried(!isTried)}>
          {isTried ? "Close the tester" : "Try it"}
        </Button>
      }
    >
      <div class="form">
        <TextArea
          label="Only events for which this is true"
          placeholder='data.total > 100 && data.channel in ["WEB", "MOBILE_APP"]'
          rows={3}
          value={values.filter}
          onValue={(filter) => set({ filter })}
          error={errorOf("filter")}
          hint="A CEL expression on data and event. Empty: every event of its types."
        />
        {isTried && covered.length > 0 && <Tester form={form} covered={covered} />}
        {values.filter.trim() !== "" && (
          <SelectField
            label="If the filter fails on an event"
            value={values.onFilterError}
            onValue={(choice) => set({ onFilterError: choice as typeof values.onFilterError })}
            choices={AFTER_A_FAILURE}
            error={errorOf("on_filter_error")}
          />
        )}
      </div>
    </Card>
  );
}

function Tester({ form: { values }, covered }: { form: FormState; covered: readonly EventType[] }) {
  const [chosen, setChosen] = useState<string>();
  const [edited, setEdited] = useState<string>();
  const [seed, setSeed] = useState(0);
  const eventType =
    covered.find((type) => type.event_type === chosen)?.event_type ?? covered[0]?.event_type ?? "";
  const data = edited === undefined ? undefined : objectOf(edited);
  const version = values.followLatest ? undefined : values.pins[eventType];
  const body = useSettled(
    JSON.stringify({
      filter: values.filter.trim() || "true",
      event_type: eventType,
      sensitive_grants: values.sensitiveGrants.filter((grant) => grant.startsWith(`${eventType}:`)),
      seed,
      ...(version === undefined ? {} : { version }),
      ...(data === undefined ? {} : { data }),
    }),
  );
  const read = useRead(
    `filter ${body}`,
    (signal) =>
      answer(api.POST("/api/v1/filters/check", { body: JSON.parse(body) as Schemas["FilterBody"], signal })),
    { stays: true },
  );
  const made = read.data ? JSON.stringify(read.data.data, null, 2) : "";
  return (
    <section class="tester" aria-label="Filter tester">
      <SelectField
        label="Event type"
        value={eventType}
        onValue={(type) => {
          setChosen(type);
          setEdited(undefined);
        }}
        choices={covered.map((type) => ({ value: type.event_type, label: type.event_type }))}
      />
      <TextArea
        label="Data"
        rows={10}
        value={edited ?? made}
        onValue={setEdited}
        error={edited !== undefined && data === undefined ? "This is not a JSON object" : undefined}
      />
      <div>
        <Button
          small
          icon="replay"
          onClick={() => {
            setEdited(undefined);
            setSeed(seed + 1);
          }}
        >
          Other data
        </Button>
      </div>
      {read.error && <Failure error={read.error} />}
      <div aria-live="polite">{read.data && <Verdict of={read.data} filter={values.filter} />}</div>
    </section>
  );
}

function Verdict({ of, filter }: { of: Said; filter: string }) {
  const fault = of.errors[0];
  if (fault) {
    return (
      <div class="verdict">
        <Badge tone="bad">{fault.field === "data" ? "not a valid event" : "not a valid filter"}</Badge>
        <p>{fault.message}</p>
        {fault.hint && <p class="muted">{fault.hint}</p>}
        {fault.field === "filter" && fault.position !== null && (
          <Place text={filter.trim()} position={fault.position} />
        )}
      </div>
    );
  }
  return (
    <div class="verdict">
      <p>
        {of.result === null ? (
          <Badge tone="warn">it fails on this event</Badge>
        ) : (
          <Badge tone={of.result ? "good" : "calm"}>
            {of.result ? "true: it is sent" : "false: it is not sent"}
          </Badge>
        )}
      </p>
      {of.failure && <p class="muted">{of.failure}</p>}
      {of.parts.length > 0 && (
        <dl class="parts">
          {of.parts.map((part) => (
            <div key={String(part.expression)}>
              <dt>
                <code>{String(part.expression)}</code>
              </dt>
              <dd>{part.error ? String(part.error) : JSON.stringify(part.value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** The place of an error in an expression. */
function Place({ text, position }: { text: string; position: number }) {
  const rest = text.slice(position);
  const end = rest.search(/\W/);
  const word = end > 0 ? rest.slice(0, end) : rest.slice(0, 1);
  return (
    <pre class="place">
      {text.slice(0, position)}
      <mark>{word || " "}</mark>
      {rest.slice(word.length)}
    </pre>
  );
}
