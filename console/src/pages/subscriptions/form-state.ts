/** What the parts of the form work with. */
import type { FormValues } from "./definition";
import type { Subscription } from "./use-subscription";

export interface FormState {
  values: FormValues;
  /** Changes some of the values. */
  set: (change: Partial<FormValues>) => void;
  /** Gives what is wrong with a field, by the API's name, once its user has had a chance to fill it in. */
  errorOf: (...fields: string[]) => string | undefined;
  /** What it was before: its id and tenant stay; undefined for a new one. */
  before: Subscription | undefined;
}
