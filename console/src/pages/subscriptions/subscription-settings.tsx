/** What a subscription is: what it gets, in which form, where and how it is sent, and what signs it. */
import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";
import { may } from "../../session";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Code } from "../../ui/code";
import { Id } from "../../ui/copy";
import { Card, Facts } from "../../ui/facts";
import { count, duration, words } from "../../ui/format";
import { Time, useNow } from "../../ui/time";
import type { Subscription } from "./use-subscription";

interface Props {
  of: Subscription;
  /** undefined for who may not. */
  onRotate: (() => void) | undefined;
  onDelete: (() => void) | undefined;
  onLink: (() => void) | undefined;
}

export function SubscriptionSettings({ of, onRotate, onDelete, onLink }: Props) {
  return (
    <div class="columns">
      <div class="stack">
        <WhatItGets of={of} />
        <Secrets of={of} onRotate={onRotate} />
      </div>
      <div class="stack">
        <Endpoint of={of} />
        <Card title="Record" actions={<RecordActions onDelete={onDelete} onLink={onLink} />}>
          <Facts
            of={[
              ["Id", <Id key="id" value={of.id} />],
              ["Tenant", of.tenant],
              ["Created", <Time key="created" atMs={of.created_at_ms} />],
              ["Changed", <Time key="changed" atMs={of.updated_at_ms} />],
              ["Revision", count(of.revision)],
            ]}
          />
        </Card>
      </div>
    </div>
  );
}

function RecordActions({ onDelete, onLink }: Pick<Props, "onDelete" | "onLink">) {
  return (
    <>
      {onLink && (
        <Button small icon="external" onClick={onLink}>
          Portal link
        </Button>
      )}
      {onDelete && (
        <Button small kind="danger" icon="trash" onClick={onDelete}>
          Delete
        </Button>
      )}
    </>
  );
}

function WhatItGets({ of }: { of: Subscription }) {
  const pins = Object.entries(of.pins);
  return (
    <Card title="What it gets">
      <Facts
        of={[
          ["Event types", <Patterns key="types" patterns={of.event_types} />],
          ["Versions", <Versions key="versions" pins={pins} followLatest={of.follow_latest} />],
          ["Content mode", words(of.content_mode)],
          [
            "Where the filter fails",
            of.filter !== null && (of.on_filter_error === "send" ? "it is sent" : "it is not sent"),
          ],
          [
            "Sensitive fields",
            of.sensitive_grants.length > 0 && <Patterns key="grants" patterns={of.sensitive_grants} />,
          ],
        ]}
      />
      {of.filter !== null && (
        <Named name="Filter">
          <Code text={of.filter} label="filter" json={false} />
        </Named>
      )}
      {of.transform !== null && of.transform !== undefined && (
        <Named name="Transform">
          <Code text={JSON.stringify(of.transform)} label="transform" />
        </Named>
      )}
    </Card>
  );
}

function Named({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="named-block">
      <h3>{name}</h3>
      {children}
    </div>
  );
}

function Patterns({ patterns }: { patterns: readonly string[] }) {
  return (
    <span class="chips">
      {patterns.map((pattern) => (
        <code key={pattern}>{pattern}</code>
      ))}
    </span>
  );
}

function Versions({ pins, followLatest }: { pins: readonly [string, number][]; followLatest: boolean }) {
  return (
    <span class="chips">
      {pins.map(([type, version]) => (
        <Version key={type} type={type} version={version} />
      ))}
      {followLatest && (
        <span class="muted">{pins.length ? "others in the latest" : "the latest of the day"}</span>
      )}
    </span>
  );
}

/** Leads to the fields of the version, for who sees the catalog. */
function Version({ type, version }: { type: string; version: number }) {
  const name = (
    <code>
      {type}@{version}
    </code>
  );
  if (!may("viewer")) return name;
  return <Link href={`/catalog/${encodeURIComponent(type)}/schema?version=${version}`}>{name}</Link>;
}

function Endpoint({ of }: { of: Subscription }) {
  return (
    <Card title="Endpoint">
      <Facts
        of={[
          ["URL", <Id key="url" value={of.url} label="URL" />],
          [
            "Retries",
            `${of.retry_policy}: ${count(of.max_attempts)} attempts at most${of.fail_fast ? ", none after a 4xx" : ""}`,
          ],
          ["Order", of.order === "key" ? "by event key" : "none"],
          [
            "Rate limit",
            of.rate_limit === "none" ? "none" : `${of.rate_limit}, ${count(of.rate_burst ?? 1)} at once`,
          ],
          ["At once", `${count(of.max_in_flight)} attempts`],
          ["Time limit", duration(of.timeout_s * 1000)],
          ["Signatures", of.signature_profiles.join(", ")],
          ["Headers", of.headers.length > 0 && <Patterns key="headers" patterns={of.headers} />],
          ["Trusted authorities", of.ca_bundle.length > 0 && <Certificates key="ca" of={of.ca_bundle} />],
          [
            "Client certificate",
            of.client_certificate.length > 0 && <Certificates key="cert" of={of.client_certificate} />,
          ],
        ]}
      />
    </Card>
  );
}

function Certificates({ of }: { of: Subscription["ca_bundle"] }) {
  return (
    <ul class="plain-list">
      {of.map((one) => (
        <li key={one.sha256}>
          {one.subject ?? "without a subject"}
          {one.expires_at_ms !== null && (
            <span class="muted">
              , ends <Time atMs={one.expires_at_ms} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

function Secrets({ of, onRotate }: { of: Subscription; onRotate: (() => void) | undefined }) {
  const nowMs = useNow();
  return (
    <Card
      title="Signing secrets"
      actions={
        onRotate && (
          <Button small icon="key" onClick={onRotate}>
            Rotate
          </Button>
        )
      }
    >
      <ul class="plain-list secrets">
        {of.secrets.map((secret) => (
          <li key={secret.created_at_ms}>
            <span>
              <Badge
                tone={secret.expires_at_ms === null ? "good" : secret.expires_at_ms > nowMs ? "warn" : "calm"}
              >
                {secret.expires_at_ms === null
                  ? "signs"
                  : secret.expires_at_ms > nowMs
                    ? "being replaced"
                    : "ended"}
              </Badge>{" "}
              {secret.type ?? "secret"} <span class="muted">sealed with key {secret.key_id}</span>
            </span>
            <span class="muted">
              made <Time atMs={secret.created_at_ms} />
              {secret.expires_at_ms !== null && (
                <>
                  , {secret.expires_at_ms > nowMs ? "signs until" : "ended"}{" "}
                  <Time atMs={secret.expires_at_ms} />
                </>
              )}
            </span>
            {secret.public_key && <Id value={secret.public_key} label="public key" />}
          </li>
        ))}
      </ul>
    </Card>
  );
}
