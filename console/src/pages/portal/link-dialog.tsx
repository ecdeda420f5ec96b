/** Makes a link to the portal for a tenant's own people. */
import { useState } from "preact/hooks";
import { answer, api, once, type Schemas } from "../../api/client";
import { useAction } from "../../api/use-action";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { SelectField, TextField } from "../../ui/field";
import { absolute } from "../../ui/format";
import { Failure } from "../../ui/states";

const HOUR_S = 3600;
const LASTING = [
  { value: String(HOUR_S), label: "1 hour" },
  { value: String(15 * 60), label: "15 minutes" },
  { value: String(24 * HOUR_S), label: "1 day" },
  { value: String(7 * 24 * HOUR_S), label: "7 days" },
];

interface Props {
  /** Whose portal; undefined: to be typed. */
  tenant?: string;
  /** With which subscription it opens. */
  subscriptionId?: string;
  onClose: () => void;
}

export function PortalLinkDialog({ tenant, subscriptionId, onClose }: Props) {
  const [typed, setTyped] = useState("");
  const [lasting, setLasting] = useState(String(HOUR_S));
  const [link, setLink] = useState<Schemas["LinkView"]>();
  const making = useAction(async () => {
    const body: Schemas["NewLinkBody"] = {
      tenant: tenant ?? typed.trim(),
      expires_s: Number(lasting),
      ...(subscriptionId === undefined ? {} : { subscription_id: subscriptionId }),
    };
    setLink(await answer(api.POST("/api/v1/portal-links", { params: { header: once() }, body })));
  });
  return (
    <Dialog
      title={tenant === undefined ? "Portal link" : `Portal link for ${tenant}`}
      firm={link !== undefined}
      onClose={onClose}
      actions={
        link ? (
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              kind="primary"
              icon="external"
              busy={making.busy}
              disabled={tenant === undefined && !typed.trim()}
              onClick={making.run}
            >
              Make a link
            </Button>
          </>
        )
      }
    >
      {making.error && <Failure error={making.error} />}
      {link ? (
        <>
          <p>
            Whoever has this link is let in until {absolute(link.expires_at_ms)}. It is not shown again; it
            can be revoked under Access.
          </p>
          <p class="issued">
            <code>{link.url}</code>
            <CopyButton text={link.url} label="link" />
          </p>
        </>
      ) : (
        <>
          <p class="muted">
            The tenant's own people see its subscriptions and deliveries, rotate secrets, send test events and
            send again: without an account, and nothing of other tenants.
          </p>
          {tenant === undefined && <TextField label="Tenant" value={typed} onValue={setTyped} />}
          <SelectField label="Expires after" value={lasting} onValue={setLasting} choices={LASTING} />
        </>
      )}
    </Dialog>
  );
}
