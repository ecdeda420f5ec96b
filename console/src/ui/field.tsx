/** Parts of forms: each with a label, a hint, and the error that it has. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Described {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined;
}

/** What a control needs so that its label, hint and error are read out with it. */
export interface ControlProps {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": boolean;
}

/** A label, whatever control it is for, and what is said about it. */
export function Field({
  label,
  hint,
  error,
  children,
}: Described & { children: (control: ControlProps) => ComponentChildren }) {
  const id = useId();
  const about = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": about || undefined, "aria-invalid": Boolean(error) })}
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} class="field-error">
          {error}
        </p>
      )}
    </div>
  );
}

type Said = { value: string; onValue: (value: string) => void };

export function TextField({
  label,
  hint,
  error,
  value,
  onValue,
  ...rest
}: Described & Said & Omit<JSX.IntrinsicElements["input"], "label" | "value">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <input
          autocomplete="off"
          spellcheck={false}
          {...rest}
          {...control}
          class="input"
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function TextArea({
  label,
  hint,
  error,
  value,
  onValue,
  ...rest
}: Described & Said & Omit<JSX.IntrinsicElements["textarea"], "label" | "value">) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <textarea
          spellcheck={false}
          rows={4}
          {...rest}
          {...control}
          class="input code-input"
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export interface Choice {
  value: string;
  label: string;
}

export function SelectField({
  label,
  hint,
  error,
  value,
  onValue,
  choices,
}: Described & Said & { choices: readonly Choice[] }) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select
          {...control}
          class="input"
          value={value}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {choices.map((one) => (
            <option key={one.value} value={one.value}>
              {one.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function Checkbox({
  label,
  hint,
  checked,
  onChecked,
}: {
  label: ComponentChildren;
  hint?: ComponentChildren;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="checkbox">
      <input
        type="checkbox"
        id={id}
        checked={checked}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChecked(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

/** A few choices side by side, of which one holds. */
export function Segments<T extends string>({
  label,
  value,
  choices,
  onValue,
}: {
  label: string;
  value: T;
  choices: readonly { value: T; label: string }[];
  onValue: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{label}</legend>
      {choices.map((one) => (
        <label key={one.value} class={one.value === value ? "segment segment-chosen" : "segment"}>
          <input
            type="radio"
            class="visually-hidden"
            name={name}
            checked={one.value === value}
            onChange={() => onValue(one.value)}
          />
          {one.label}
        </label>
      ))}
    </fieldset>
  );
}
