/** Starts a replay: says what it would do first. */
import { useState } from "preact/hooks";
import { useLocation, useSearchParams } from "wouter-preact";
import { useAction } from "../../api/use-action";
import { seesAllTenants } from "../../session";
import { Button } from "../../ui/button";
import { Card } from "../../ui/facts";
import { Checkbox, Segments, TextArea, TextField } from "../../ui/field";
import { Page } from "../../ui/page";
import { Failure } from "../../ui/states";
import { type Choice, choiceErrors, emptyChoice, requestOf, SPANS } from "./choice";
import { CountedReplay } from "./count-card";
import { countReplay, startReplay } from "./use-replays";

const STATUSES: readonly { value: Choice["statuses"][number]; label: string }[] = [
  { value: "failed", label: "failed: given up" },
  { value: "none", label: "none: never attempted" },
  { value: "retrying", label: "retrying" },
  { value: "delivered", label: "delivered" },
];

export function NewReplayPage() {
  const [search] = useSearchParams();
  const [, go] = useLocation();
  const [choice, setChoice] = useState(() => emptyChoice(search.get("subscription") ?? ""));
  const [isAsked, setAsked] = useState(false);
  const errors = choiceErrors(choice);
  const shown = isAsked ? errors : {};
  const counting = useAction(async () => {
    setAsked(true);
    if (Object.keys(errors).length > 0) return undefined;
    const request = requestOf(choice, Date.now());
    return { request, count: await countReplay(request) };
  });
  const [counted, setCounted] = useState<Awaited<ReturnType<typeof counting.run>>>();
  const starting = useAction(async () => {
    if (counted) go(`/replays/${(await startReplay(counted.request)).replay_id}`);
  });
  const set = (change: Partial<Choice>) => {
    setChoice({ ...choice, ...change });
    // Another choice has to be counted anew.
    setCounted(undefined);
  };

  return (
    <Page title="New replay" parent={{ name: "Replays", href: "/replays" }}>
      <div class="main-and-side">
        <div class="stack">
          <Target choice={choice} set={set} errors={shown} />
          <When choice={choice} set={set} errors={shown} />
          <Which choice={choice} set={set} errors={shown} />
        </div>
        <div class="stack beside">
          <Card title="Count, then start">
            <div class="form" aria-live="polite">
              {counting.error && <Failure error={counting.error} />}
              {starting.error && <Failure error={starting.error} />}
              {counted ? (
                <CountedReplay of={counted.count} />
              ) : (
                <p class="muted">
                  Counting reads what would be sent, and sends nothing. Receivers get the same webhook-id as
                  the first time; live deliveries go first.
                </p>
              )}
              <div class="actions">
                <Button
                  kind={counted ? "plain" : "primary"}
                  busy={counting.busy}
                  onClick={async () => setCounted(await counting.run())}
                >
                  {counted ? "Count again" : "Count"}
                </Button>
                <Button
                  kind="primary"
                  icon="replay"
                  busy={starting.busy}
                  disabled={counted === undefined || counted.count.deliveries === 0}
                  onClick={starting.run}
                >
                  Start
                </Button>
              </div>
            </div>
          </Card>
        </div>
      </div>
    </Page>
  );
}

interface PartProps {
  choice: Choice;
  set: (change: Partial<Choice>) => void;
  errors: Partial<Record<keyof Choice, string>>;
}

function Target({ choice, set, errors }: PartProps) {
  return (
    <Card title="To whom">
      <div class="form">
        <TextField
          label="Subscriptions"
          placeholder="shop, billing"
          disabled={choice.toAll}
          value={choice.subscriptions}
          onValue={(subscriptions) => set({ subscriptions })}
          error={errors.subscriptions}
          hint="Ids, separated by commas. A brand-new one gets what it has missed."
        />
        <Checkbox
          label="All subscriptions that want an event"
          checked={choice.toAll}
          onChecked={(toAll) => set({ toAll })}
        />
      </div>
    </Card>
  );
}

function When({ choice, set, errors }: PartProps) {
  return (
    <Card title="Events published in the last">
      <div class="form">
        <div>
          <Segments
            label="How far back"
            value={choice.span}
            choices={SPANS}
            onValue={(span) => set({ span })}
          />
        </div>
        {choice.span === "own" && (
          <div class="pair">
            <TextField
              label="From"
              type="datetime-local"
              value={choice.from}
              onValue={(from) => set({ from })}
              error={errors.from}
            />
            <TextField
              label="To"
              type="datetime-local"
              value={choice.to}
              onValue={(to) => set({ to })}
              hint="Empty: until now"
            />
          </div>
        )}
      </div>
    </Card>
  );
}

function Which({ choice, set, errors }: PartProps) {
  return (
    <Card title="Only some of them">
      <div class="form">
        <div class="pair">
          <TextField
            label="Event types"
            placeholder="All"
            value={choice.eventTypes}
            onValue={(eventTypes) => set({ eventTypes })}
            hint="order.created, order.*"
          />
          {seesAllTenants() && (
            <TextField
              label="Tenants"
              placeholder="All"
              value={choice.tenants}
              onValue={(tenants) => set({ tenants })}
            />
          )}
        </div>
        <fieldset class="checks">
          <legend class="field-label">Only deliveries whose result is</legend>
          {STATUSES.map((status) => (
            <Checkbox
              key={status.value}
              label={status.label}
              checked={choice.statuses.includes(status.value)}
              onChecked={(checked) =>
                set({
                  statuses: checked
                    ? [...choice.statuses, status.value]
                    : choice.statuses.filter((one) => one !== status.value),
                })
              }
            />
          ))}
        </fieldset>
        <TextArea
          label="Filter"
          rows={2}
          placeholder="data.total > 100"
          value={choice.filter}
          onValue={(filter) => set({ filter })}
          hint="A CEL expression on the newest version of each event."
        />
        <TextField
          label="Deliveries a second at most"
          inputMode="decimal"
          placeholder="No bound"
          value={choice.rate}
          onValue={(rate) => set({ rate })}
          error={errors.rate}
        />
      </div>
    </Card>
  );
}
