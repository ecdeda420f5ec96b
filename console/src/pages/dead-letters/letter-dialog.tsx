/** One dead letter: what was sent, and what each attempt came to. */
import { ApiError, answer, api, once, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { useRead } from "../../api/use-read";
import { may } from "../../session";
import { StatusBadge } from "../../ui/badge";
import { Button, ButtonLink } from "../../ui/button";
import { Code } from "../../ui/code";
import { Id } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Facts } from "../../ui/facts";
import { duration } from "../../ui/format";
import { Failure, Loaded } from "../../ui/states";
import { Time } from "../../ui/time";
import { say } from "../../ui/toast";

type Letter = Schemas["DeliveryView"];
type Detail = Schemas["DeliveryDetailView"];

interface Props {
  of: Letter;
  onClose: () => void;
  onReplayed: () => void;
}

export function LetterDialog({ of, onClose, onReplayed }: Props) {
  const params = { path: { delivery_id: of.delivery_id } };
  const read = useRead(`letter ${of.delivery_id}`, (signal) =>
    answer(api.GET("/api/v1/deliveries/{delivery_id}", { params, signal })),
  );
  const replaying = useAction(async () => {
    const body = { delivery_ids: [of.delivery_id], again: false };
    const done = await answer(api.POST("/api/v1/dead-letters/replay", { params: { header: once() }, body }));
    if (done.delivery_ids.length === 0)
      throw new ApiError({ status: 409, code: "conflict", detail: "it does not wait any more" });
    say("good", "It is being sent again");
    onReplayed();
    onClose();
  });
  return (
    <Dialog
      title={`${of.event_type} to ${of.subscription_id}`}
      wide
      onClose={onClose}
      actions={
        <>
          <ButtonLink href={`/deliveries/${of.delivery_id}`}>Open the delivery</ButtonLink>
          {may("operator") && (
            <Button kind="primary" icon="replay" busy={replaying.busy} onClick={replaying.run}>
              Replay this one
            </Button>
          )}
        </>
      }
    >
      {replaying.error && <Failure error={replaying.error} />}
      <Facts
        of={[
          ["webhook-id", <Id key="event" value={of.event_id} label="webhook-id" />],
          ["Delivery", <Id key="delivery" value={of.delivery_id} />],
        ]}
      />
      <Loaded read={read}>
        {(detail) => (
          <>
            <Attempts of={detail.attempts} />
            <Body of={detail.body} />
          </>
        )}
      </Loaded>
    </Dialog>
  );
}

function Attempts({ of }: { of: Detail["attempts"] }) {
  return (
    <ol class="attempt-list">
      {of.map((attempt) => (
        <li key={`${attempt.started_at_ms} ${attempt.attempt_number}`}>
          <p>
            <StatusBadge status={attempt.status} error={attempt.error} /> Attempt {attempt.attempt_number}
            <span class="muted">
              , <Time atMs={attempt.started_at_ms} />, {duration(attempt.duration_ms)}
            </span>
          </p>
          {attempt.error_detail && <p class="muted">{attempt.error_detail}</p>}
          {attempt.response_excerpt && (
            <Code text={attempt.response_excerpt} label={`answer ${attempt.attempt_number}`} />
          )}
        </li>
      ))}
    </ol>
  );
}

function Body({ of }: { of: Detail["body"] }) {
  if (of === null) return <p class="muted">Kafka no longer has its body.</p>;
  if (of.withheld.length > 0) {
    return <p class="muted">Its body is not shown: it holds sensitive fields ({of.withheld.join(", ")}).</p>;
  }
  return <Code text={of.text ?? of.base64 ?? ""} label="body" />;
}
