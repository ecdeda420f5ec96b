/** What a subscription would get, as far as it is written: the request for a made-up event. */
import type { Schemas } from "../../api/client";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Code } from "../../ui/code";
import { Card } from "../../ui/facts";
import { words } from "../../ui/format";
import { Failure, Skeleton } from "../../ui/states";
import type { Preview, PreviewView } from "./use-preview";

export function PreviewCard({ preview: { read, another } }: { preview: Preview }) {
  const data = read.data;
  return (
    <Card
      title="What it would get"
      actions={
        data?.event_type && (
          <Button small icon="replay" onClick={another}>
            Another event
          </Button>
        )
      }
    >
      {read.error && <Failure error={read.error} retry={read.again} />}
      {data === undefined ? !read.error && <Skeleton lines={5} /> : <Shown of={data} />}
    </Card>
  );
}

function Shown({ of }: { of: PreviewView }) {
  const versions = Object.entries(of.versions);
  if (of.explanation === null) {
    return (
      <p class="muted">
        Give it a URL and an event type: then the request for a made-up event stands here, as the endpoint
        would get it.
      </p>
    );
  }
  const { rule, detail, request } = of.explanation;
  return (
    <div class="stack preview">
      <p class="chips">
        {versions.map(([type, version]) => (
          <code key={type}>
            {type}@{version}
          </code>
        ))}
      </p>
      <p>
        A made-up <code>{of.event_type}</code>{" "}
        <Badge tone={request ? "good" : "warn"}>{request ? "would be sent" : "would not be sent"}</Badge>
      </p>
      {!request && <p class="muted">{detail ?? `Because of: ${words(rule)}.`}</p>}
      {request && <Request of={request} />}
    </div>
  );
}

function Request({ of }: { of: Schemas["RequestView"] }) {
  const headers = Object.entries(of.headers)
    .map(([name, value]) => `${name}: ${value ?? "…"}`)
    .join("\n");
  return (
    <>
      <Code label="request" json={false} text={`POST ${of.url}\n${headers}`} />
      <Code label="body" text={of.body ?? of.body_base64 ?? ""} />
    </>
  );
}
