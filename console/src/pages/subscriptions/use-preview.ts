/** Checks what a form says as it is typed, and shows what would be sent. Nothing is written. */
import { useState } from "preact/hooks";
import { answer, api, type Schemas } from "../../api/client";
import { type Read, useRead } from "../../api/use-read";
import { useSettled } from "../../ui/use-edited";
import { emptyValues, type FormValues, patchOf, valuesOf } from "./definition";
import type { Subscription } from "./use-subscription";

export type PreviewView = Schemas["PreviewView"];

export interface Preview {
  read: Read<PreviewView>;
  /** What is wrong, by field. */
  errors: Record<string, string>;
  /** Tries it on other made-up data. */
  another: () => void;
}

export function usePreview(values: FormValues, before: Subscription | undefined): Preview {
  const [seed, setSeed] = useState(0);
  const body = useSettled(JSON.stringify({ ...bodyOf(values, before), seed }));
  // While the next answer is on its way, the one before says most of what there is to say.
  const read = useRead(
    `preview ${body}`,
    (signal) =>
      answer(
        api.POST("/api/v1/subscriptions/preview", {
          body: JSON.parse(body) as Schemas["PreviewBody"],
          signal,
        }),
      ),
    { stays: true },
  );
  const errors: Record<string, string> = {};
  for (const fault of read.data?.errors ?? [])
    errors[fault.field] = fault.hint ? `${fault.message}: ${fault.hint}` : fault.message;
  return { read, errors, another: () => setSeed(seed + 1) };
}

function bodyOf(values: FormValues, before: Subscription | undefined): Schemas["PreviewBody"] {
  if (before) return { definition: patchOf(valuesOf(before), values), subscription_id: before.id };
  return {
    definition: patchOf(emptyValues(), values),
    ...(values.id.trim() ? { id: values.id.trim() } : {}),
    ...(values.tenant.trim() ? { tenant: values.tenant.trim() } : {}),
  };
}
