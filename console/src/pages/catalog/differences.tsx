/** What is not the same in two versions, field by field. */
import type { Schemas } from "../../api/client";
import { Badge, type Tone } from "../../ui/badge";

type Difference = Schemas["SchemaDifferenceView"];

export function Differences({ of }: { of: readonly Difference[] }) {
  if (of.length === 0) return <p class="muted">Nothing that receivers can see.</p>;
  return (
    <ul class="schema-changes">
      {of.map((one) => (
        <li key={`${one.path} ${one.change} ${one.detail}`}>
          <Badge tone={toneOf(one.change)}>{one.change}</Badge>
          <span>
            <code>{one.path}</code> <span class="muted">{one.detail}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function toneOf(change: string): Tone {
  if (change.startsWith("added")) return "good";
  return change.startsWith("removed") ? "bad" : "busy";
}
