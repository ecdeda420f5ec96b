/** What is sent with a delivery. */
import type { Schemas } from "../../api/client";
import { Code } from "../../ui/code";
import { Card } from "../../ui/facts";
import { bytes } from "../../ui/format";

export function BodyCard({ body }: { body: Schemas["BodyView"] | null }) {
  if (body === null) {
    return (
      <Card title="Body">
        <p class="muted">Kafka keeps the body no longer, or can't be asked now.</p>
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
