/** The attempts of a delivery in the order of time; each opens to what was sent and what came back. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Schemas } from "../../api/client";
import { StatusBadge, type Tone } from "../../ui/badge";
import { Code } from "../../ui/code";
import { absolute, duration, words } from "../../ui/format";
import { Headers } from "../../ui/http-headers";
import { Time } from "../../ui/time";

type Attempt = Schemas["AttemptView"];

interface Props {
  attempts: readonly Attempt[];
  /** When it is tried next; null where nothing is scheduled. */
  dueAtMs: number | null;
  plannedAtMs: number | null;
}

export function Timeline({ attempts, dueAtMs, plannedAtMs }: Props) {
  return (
    <ol class="timeline">
      {plannedAtMs !== null && (
        <Step tone="calm">
          <p class="step-line">
            <span>Planned</span>
            <When atMs={plannedAtMs} />
          </p>
        </Step>
      )}
      {attempts.map((attempt, place) => (
        <AttemptStep
          key={`${attempt.kind} ${attempt.trigger} ${attempt.attempt_number} ${attempt.started_at_ms}`}
          attempt={attempt}
          open={place === attempts.length - 1}
        />
      ))}
      {dueAtMs !== null && (
        <Step tone="busy">
          <p class="step-line">
            <span>Next attempt</span>
            <When atMs={dueAtMs} />
          </p>
        </Step>
      )}
    </ol>
  );
}

function Step({ tone, children }: { tone: Tone; children: ComponentChildren }) {
  return <li class={`step tone-${tone}`}>{children}</li>;
}

function When({ atMs }: { atMs: number }) {
  return (
    <span class="muted">
      <Time atMs={atMs} /> · {absolute(atMs)}
    </span>
  );
}

function AttemptStep({ attempt, open }: { attempt: Attempt; open: boolean }) {
  // What one reads is not closed by the next attempt.
  const [isOpen] = useState(open);
  if (attempt.kind === "end") {
    return (
      <Step tone="bad">
        <p class="step-line">
          <span>Ended without an attempt{attempt.reason && `: ${words(attempt.reason)}`}</span>
          <When atMs={attempt.started_at_ms} />
        </p>
      </Step>
    );
  }
  const tone =
    attempt.outcome === "delivered" ? "good" : attempt.outcome === "retry_scheduled" ? "warn" : "bad";
  return (
    <Step tone={tone}>
      <details open={isOpen}>
        <summary class="step-line">
          <span>
            Attempt {attempt.attempt_number}
            {attempt.trigger !== "event" && <span class="muted"> ({attempt.trigger})</span>}
          </span>
          <StatusBadge status={attempt.status} error={attempt.error} />
          <span class="number">{duration(attempt.duration_ms)}</span>
          <When atMs={attempt.started_at_ms} />
        </summary>
        <AttemptDetail attempt={attempt} />
      </details>
    </Step>
  );
}

function AttemptDetail({ attempt }: { attempt: Attempt }) {
  const {
    outcome,
    reason,
    error_detail: detail,
    response_headers: headers,
    response_excerpt: excerpt,
  } = attempt;
  return (
    <div class="step-detail">
      <p>
        {outcome && words(outcome)}
        {reason && reason !== "none" && `: ${words(reason)}`}
        {detail && <span class="muted">, {detail}</span>}
        {attempt.due_at_ms !== null && (
          <span class="muted">
            , the next one due <Time atMs={attempt.due_at_ms} />
          </span>
        )}
      </p>
      {headers && Object.keys(headers).length > 0 && <Headers title="Response headers" of={headers} />}
      {excerpt ? (
        <div>
          <h3>Response body</h3>
          <Code text={excerpt} label="response body" />
        </div>
      ) : (
        attempt.status !== null && (
          <p class="muted">
            {excerpt === null ? "Kafka no longer has the response." : "The response had no body."}
          </p>
        )
      )}
    </div>
  );
}
