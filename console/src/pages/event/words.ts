/** Which rule decided who gets an event, in words (docs/explain.md has the rules). */
import type { Schemas } from "../../api/client";
import type { Tone } from "../../ui/badge";
import { words } from "../../ui/format";

type Explanation = Schemas["ExplanationView"];

const RULES: Readonly<Record<string, string>> = {
  tenant: "the event is another tenant's",
  disabled: "the subscription is disabled",
  event_type: "none of its event types covers this one",
  too_far_ahead: "the event is to be delivered too long after it was published",
  projection_failed: "the event can't be read in its version",
  on_filter_error: "its filter failed on this event",
  transform_failed: "its transform has no result for this event",
  too_large: "its body would be too large",
  no_filter: "it has no filter",
};

const VERDICTS: Readonly<Record<string, readonly [Tone, string]>> = {
  sent: ["good", "gets it"],
  kept: ["warn", "gets it when it is resumed"],
  dead_letter: ["bad", "has a dead letter"],
  nothing: ["calm", "does not get it"],
};

/** Says whether a subscription gets the event. */
export function verdictOf({ verdict }: Explanation): readonly [Tone, string] {
  return VERDICTS[verdict] ?? ["calm", words(verdict)];
}

/** Says why. */
export function whyOf({ rule, verdict, pattern, detail }: Explanation): string {
  const decided =
    rule === "filter"
      ? `its filter is ${verdict === "nothing" ? "false" : "true"}`
      : (RULES[rule] ?? words(rule));
  const matched = rule === "no_filter" && pattern ? `${pattern} matches its type, and ` : "";
  return `${matched}${decided}${detail ? `: ${detail}` : ""}`;
}
