/** What an event means for one subscription, and what became of it. */
import { Link } from "wouter-preact";
import type { Schemas } from "../../api/client";
import { Badge, DeliveryBadge } from "../../ui/badge";
import { Code } from "../../ui/code";
import { Headers } from "../../ui/http-headers";
import { sentence } from "../../ui/states";
import { verdictOf, whyOf } from "./words";

interface Props {
  story: Schemas["StoryView"];
  /** The event's own record could be read, so whoever has no explanation no longer exists. */
  isRead: boolean;
}

export function Story({ story, isRead }: Props) {
  const { explanation, delivery, note } = story;
  const [tone, verdict] = explanation ? verdictOf(explanation) : (["calm", "no longer exists"] as const);
  return (
    <li class="story">
      <p class="step-line">
        <Link href={`/subscriptions/${encodeURIComponent(story.subscription_id)}`}>
          {story.subscription_id}
        </Link>
        {(explanation || isRead) && <Badge tone={tone}>{verdict}</Badge>}
        {delivery && (
          <Link href={`/deliveries/${encodeURIComponent(delivery.delivery_id)}`}>
            <DeliveryBadge state={delivery.state} />
          </Link>
        )}
      </p>
      {explanation && <p class="muted">{sentence(whyOf(explanation))}</p>}
      {note && <p class="muted">The subscription was {note}, so that it may have been otherwise then.</p>}
      {explanation?.filter && <Filter filter={explanation.filter} withheld={explanation.withheld ?? []} />}
      {explanation?.request && (
        <Request request={explanation.request} withheld={explanation.withheld ?? []} />
      )}
    </li>
  );
}

function Filter({ filter, withheld }: { filter: Schemas["FilterView"]; withheld: readonly string[] }) {
  return (
    <details>
      <summary>Its filter</summary>
      <div class="step-detail">
        <Code text={filter.text} label="filter" json={false} />
        {withheld.length > 0 ? (
          <p class="muted">The values are not shown, because of sensitive fields: {withheld.join(", ")}.</p>
        ) : (
          <dl class="http-headers">
            {filter.parts.map((part) => (
              <div key={String(part.expression)}>
                <dt>{String(part.expression)}</dt>
                <dd>{part.error ? String(part.error) : JSON.stringify(part.value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </details>
  );
}

function Request({ request, withheld }: { request: Schemas["RequestView"]; withheld: readonly string[] }) {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value ?? "(not shown)"]),
  );
  return (
    <details>
      <summary>The request</summary>
      <div class="step-detail">
        <p>
          <code>POST {request.url}</code>
        </p>
        <Headers title="Request headers" of={headers} />
        {withheld.length > 0 ? (
          <p class="muted">
            The body is not shown, because it holds sensitive fields: {withheld.join(", ")}.
          </p>
        ) : (
          <Code text={request.body ?? request.body_base64 ?? ""} label="body" />
        )}
      </div>
    </details>
  );
}
