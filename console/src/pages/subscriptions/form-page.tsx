/** Makes a subscription, or changes one: checked as one types, written only as it was seen. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "wouter-preact";
import { ApiError, type Revised } from "../../api/client";
import { useAction } from "../../api/use-action";
import { session } from "../../session";
import { Button } from "../../ui/button";
import { words } from "../../ui/format";
import { Page } from "../../ui/page";
import { Failure, Loaded } from "../../ui/states";
import { say } from "../../ui/toast";
import { BodyFields, CertificateFields } from "./body-fields";
import {
  creationOf,
  emptyValues,
  type FormValues,
  formErrors,
  patchOf,
  rebased,
  valuesOf,
} from "./definition";
import { EndpointFields, PaceFields } from "./endpoint-fields";
import { EventsFields } from "./events-fields";
import { FilterFields } from "./filter-fields";
import type { FormState } from "./form-state";
import { pathOf } from "./paths";
import { PreviewCard } from "./preview-card";
import { IssuedDialog } from "./secret-dialogs";
import { useEventTypes } from "./use-catalog";
import { usePreview } from "./use-preview";
import {
  create,
  type Issued,
  readSubscription,
  type Subscription,
  update,
  useSubscription,
} from "./use-subscription";

const LIST = { name: "Subscriptions", href: "/subscriptions" };

export function NewSubscriptionPage() {
  const [, go] = useLocation();
  const [issued, setIssued] = useState<Issued>();
  return (
    <Page title="New subscription" parent={LIST}>
      <Form
        before={undefined}
        save="Create"
        onSave={async (values) => setIssued(await create(creationOf(values)))}
        onCancel={() => go(LIST.href)}
      />
      {issued && (
        <IssuedDialog
          issued={issued}
          title={`${issued.subscription.id} is there`}
          onClose={() => go(pathOf(issued.subscription.id))}
        />
      )}
    </Page>
  );
}

export function EditSubscriptionPage({ id }: { id: string }) {
  // What is edited is what was there when the editing began; what changes meanwhile is told at the end.
  const read = useSubscription(id, { refreshes: false });
  return (
    <Page title={`Edit ${id}`} parent={{ name: id, href: pathOf(id) }}>
      <Loaded read={read} lines={10}>
        {(found) => <Editing found={found} />}
      </Loaded>
    </Page>
  );
}

function Editing({ found }: { found: Revised<Subscription> }) {
  const [, go] = useLocation();
  const [seen, setSeen] = useState(found);
  const id = found.value.id;
  return (
    <Form
      before={seen.value}
      save="Save"
      onSave={async (values) => {
        const patch = patchOf(valuesOf(seen.value), values);
        if (Object.keys(patch).length > 0) await update(id, seen.etag, patch);
        say("good", `${id} was changed`);
        go(pathOf(id));
      }}
      onCancel={() => go(pathOf(id))}
      onConflict={async () => {
        const newer = await readSubscription(id);
        setSeen(newer);
        return newer.value;
      }}
    />
  );
}

interface FormProps {
  /** The subscription that is changed; undefined for a new one. */
  before: Subscription | undefined;
  save: string;
  onSave: (values: FormValues) => Promise<void>;
  onCancel: () => void;
  /** Reads what somebody else has made of it. */
  onConflict?: () => Promise<Subscription>;
}

function Form({ before, save, onSave, onCancel, onConflict }: FormProps) {
  const [values, setValues] = useState(() => (before ? valuesOf(before) : valuesOfNew()));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [isSubmitted, setSubmitted] = useState(false);
  const types = useEventTypes();
  const preview = usePreview(values, before);
  const frame = useRef<HTMLFormElement>(null);
  const [faults, setFaults] = useState(0);
  useEffect(() => {
    if (faults > 0) showFirstFault(frame.current);
  }, [faults]);
  const [theirs, setTheirs] = useState<readonly string[]>();
  const saving = useAction(async () => {
    setSubmitted(true);
    setTheirs(undefined);
    if (Object.keys(formErrors(values)).length > 0) {
      setFaults((count) => count + 1);
      return;
    }
    try {
      await onSave(values);
    } catch (error) {
      const isConflict = error instanceof ApiError && error.status === 412;
      if (!isConflict || !before || !onConflict) {
        setFaults((count) => count + 1);
        throw error;
      }
      const then = valuesOf(before);
      const now = valuesOf(await onConflict());
      setValues((edited) => rebased(then, now, edited));
      setTheirs(Object.keys(patchOf(then, now)));
    }
  });

  const errors = { ...preview.errors, ...formErrors(values) };
  if (saving.error?.field) errors[topField(saving.error.field)] ??= saving.error.message;
  const form: FormState = {
    values,
    before,
    set: (change) => {
      const fields = Object.keys(change).map(snakeCase);
      setValues((all) => ({ ...all, ...change }));
      setTouched((all) => new Set([...all, ...fields]));
      // What was refused is no longer what stands there.
      if (saving.error?.field && fields.includes(topField(saving.error.field))) saving.clear();
    },
    errorOf: (...fields) => {
      const found = fields.find(
        (field) => errors[field] && (isSubmitted || touched.has(field) || before !== undefined),
      );
      return found && errors[found];
    },
  };

  return (
    <form
      ref={frame}
      class="edit-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void saving.run();
      }}
    >
      <div class="main-and-side main-and-wide-side">
        <div class="stack">
          <EndpointFields form={form} />
          {types.error && <Failure error={types.error} retry={types.again} />}
          <EventsFields form={form} types={types.data ?? []} />
          <FilterFields form={form} types={types.data ?? []} />
          <PaceFields form={form} />
          <details class="more-fields" open={before !== undefined}>
            <summary>Request, headers and certificates</summary>
            <div class="stack">
              <BodyFields form={form} />
              <CertificateFields form={form} />
            </div>
          </details>
        </div>
        <div class="stack beside">
          <PreviewCard preview={preview} />
        </div>
      </div>
      <div class="save-bar">
        {saving.error && <Failure error={saving.error} />}
        {theirs && (
          <div class="notice tone-warn" role="alert">
            <div>
              <p>
                Somebody else changed this subscription since you opened it
                {theirs.length > 0 && `: ${theirs.map(words).join(", ")}`}.
              </p>
              <p class="muted">
                Nothing was saved. The form now has their changes, and yours on top: check it and save again.
              </p>
            </div>
          </div>
        )}
        <div class="actions">
          <Button onClick={onCancel}>Cancel</Button>
          <Button kind="primary" type="submit" busy={saving.busy}>
            {save}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** What a new one begins with: who sees one tenant only makes it for that one. */
function valuesOfNew(): FormValues {
  const tenant = session.value?.caller?.tenant;
  return { ...emptyValues(), ...(tenant ? { tenant } : {}) };
}

/** Leads to the first field that is wrong, which may be in a part that is closed. */
function showFirstFault(form: HTMLFormElement | null): void {
  const fault = form?.querySelector<HTMLElement>("[aria-invalid=true]");
  const part = fault?.closest("details");
  if (part) part.open = true;
  fault?.focus();
}

/** `headers.X-Key` and `event_types.0` belong to the field before the dot. */
function topField(field: string): string {
  return field.split(".")[0] ?? field;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
