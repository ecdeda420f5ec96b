import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { verdictOf, whyOf } from "./words";

const explained = (given: Partial<Schemas["ExplanationView"]>) =>
  ({ detail: null, pattern: null, ...given }) as Schemas["ExplanationView"];

it.each<[Partial<Schemas["ExplanationView"]>, string, string]>([
  [
    { verdict: "sent", rule: "no_filter", pattern: "order.*" },
    "gets it",
    "order.* matches its type, and it has no filter",
  ],
  [{ verdict: "sent", rule: "filter" }, "gets it", "its filter is true"],
  [{ verdict: "nothing", rule: "filter" }, "does not get it", "its filter is false"],
  [
    { verdict: "nothing", rule: "on_filter_error", detail: "no such key" },
    "does not get it",
    "its filter failed on this event: no such key",
  ],
  [{ verdict: "later", rule: "new_rule" }, "later", "new rule"],
])("%j", (given, verdict, why) => {
  expect([verdictOf(explained(given))[1], whyOf(explained(given))]).toEqual([verdict, why]);
});
