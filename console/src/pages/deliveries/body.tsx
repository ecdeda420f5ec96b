/** What is sent with a delivery: the request's headers, and its body. */
import type { Schemas } from "../../api/client";
import { Code } from "../../ui/code";
import { Card } from "../../ui/facts";
import { bytes } from "../../ui/format";
import { Headers } from "../../ui/http-headers";

/** The request that each attempt makes; what signs it is made anew each time, and not shown. */
export function RequestCard({ request }: { request: Schemas["SentRequestView"] | null }) {
  if (request === null) return null;
  const shown = Object.entries(request.headers).map(([name, value]) => [name, value ?? "(not shown)"]);
  return (
    <Card title="Request">
      <p class="request-line">
        <code>POST {request.url}</code>
      </p>
      <Headers title="Request headers" of={Object.fromEntries(shown)} />
    </Card>
  );
}

export function BodyCard({ body }: { body: Schemas["BodyView"] | null }) {
  if (body === null) {
    return (
      <Card title="Body">
        <p class="muted">Kafka no longer has the body, or does not answer now.</p>
      </Card>
    );
  }
  return (
    <Card
      title="Body"
      actions={
        <span class="muted">
          {body.content_type} · version {body.schema_version} · {bytes(body.size)}
        </span>
      }
    >
      {body.withheld.length > 0 ? (
        <p class="muted">It is not shown, because it holds sensitive fields: {body.withheld.join(", ")}.</p>
      ) : body.text !== null ? (
        <Code text={body.text} label="body" />
      ) : (
        <Code text={body.base64 ?? ""} label="body in Base64" json={false} />
      )}
    </Card>
  );
}
