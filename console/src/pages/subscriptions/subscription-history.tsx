/** Who changed a subscription, when, and what it was before and after: from the audit trail. */
import { answer, api, type Schemas } from "../../api/client";
import { useRead } from "../../api/use-read";
import { Card } from "../../ui/facts";
import { counted, words } from "../../ui/format";
import { Empty, Loaded } from "../../ui/states";
import { Time } from "../../ui/time";

type Entry = Schemas["AuditEntryView"];
type Difference = Schemas["DifferenceView"];

const DAYS = 90;
const LIMIT = 100;

export function SubscriptionHistory({ id }: { id: string }) {
  const read = useRead(`audit ${id}`, (signal) =>
    answer(
      api.GET("/api/v1/audit", {
        params: { query: { subscription_id: id, days: DAYS, limit: LIMIT } },
        signal,
      }),
    ),
  );
  return (
    <Card title={`Changes of the last ${DAYS} days`}>
      <Loaded read={read}>
        {({ items, omitted }) =>
          items.length === 0 ? (
            <Empty icon="clock" title="No changes in this time" />
          ) : (
            <>
              <ol class="trail">
                {items.map((entry) => (
                  <TrailEntry key={`${entry.at_ms} ${entry.action}`} entry={entry} />
                ))}
              </ol>
              {omitted > 0 && (
                <p class="muted">{counted(omitted, "older change")} not shown: gateway audit lists all.</p>
              )}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

function TrailEntry({ entry }: { entry: Entry }) {
  // Where all of it is new or gone, its settings say the same.
  const differences = entry.action === "created" || entry.action === "deleted" ? [] : entry.differences;
  return (
    <li>
      <p>
        <strong>{words(entry.action)}</strong> by {entry.actor}{" "}
        <span class="muted">
          <Time atMs={entry.at_ms} />
          {entry.command && `, ${entry.command}`}
          {entry.revision !== null && `, revision ${entry.revision}`}
        </span>
      </p>
      {differences.length > 0 && (
        <dl class="differences">
          {differences.map((one) => (
            <DifferenceLine key={one.field} of={one} />
          ))}
        </dl>
      )}
    </li>
  );
}

function DifferenceLine({ of }: { of: Difference }) {
  const before = textOf(of.before);
  const after = textOf(of.after);
  return (
    <div>
      <dt>{words(of.field)}</dt>
      <dd>
        {before === after ? (
          <span class="muted">changed, not shown</span>
        ) : (
          <>
            <del>{before}</del> <ins>{after}</ins>
          </>
        )}
      </dd>
    </div>
  );
}

function textOf(value: unknown): string {
  if (isListOfRecords(value)) return counted(value.length, "entry", "entries");
  if (value === null || value === undefined || value === "") return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Secrets and certificates: what they are says less than how many there are. */
function isListOfRecords(value: unknown): value is object[] {
  return (
    Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "object" && one !== null)
  );
}
