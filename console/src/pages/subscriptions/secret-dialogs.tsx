/** A secret: given out once, replaced by a new one. */
import { useState } from "preact/hooks";
import { useAction } from "../../api/use-action";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { SelectField } from "../../ui/field";
import { Failure } from "../../ui/states";
import { type Issued, rotate } from "./use-subscription";

const HOUR_MS = 3_600_000;
const OVERLAPS = [
  { value: String(24 * HOUR_MS), label: "1 day" },
  { value: String(HOUR_MS), label: "1 hour" },
  { value: String(7 * 24 * HOUR_MS), label: "7 days" },
  { value: "0", label: "None: the old one signs no more" },
];

/** Shows what a receiver needs to check signatures. It is never shown again, so only its button ends the dialog. */
export function IssuedDialog({
  issued,
  title,
  onClose,
}: {
  issued: Issued;
  title: string;
  onClose: () => void;
}) {
  const isSecret = issued.kind === "secret";
  return (
    <Dialog
      title={title}
      firm
      onClose={onClose}
      actions={
        <Button kind="primary" onClick={onClose}>
          I have stored it
        </Button>
      }
    >
      <p>
        {isSecret
          ? "This is the signing secret. Give it to the receiver now: it is not shown again."
          : "This is the public key with which the receiver checks signatures. The private key stays here."}
      </p>
      <p class="issued">
        <code>{issued.value}</code>
        <CopyButton text={issued.value} label={isSecret ? "secret" : "public key"} />
      </p>
    </Dialog>
  );
}

interface RotateProps {
  id: string;
  etag: string | undefined;
  onDone: (issued: Issued) => void;
  onClose: () => void;
}

/** Asks how long the old secret signs on, and makes a new one. */
export function RotateDialog({ id, etag, onDone, onClose }: RotateProps) {
  const [overlap, setOverlap] = useState(String(24 * HOUR_MS));
  const rotating = useAction(async () => onDone(await rotate(id, etag, Number(overlap))));
  return (
    <Dialog
      title="Rotate the secret"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" icon="key" busy={rotating.busy} onClick={rotating.run}>
            Make a new secret
          </Button>
        </>
      }
    >
      {rotating.error && <Failure error={rotating.error} />}
      <p>
        The new secret signs from now on. For a while the old one signs, too: each request has both
        signatures, and the receiver may check either. So nothing is refused while it changes over.
      </p>
      <SelectField
        label="How long the old one signs, too"
        value={overlap}
        onValue={setOverlap}
        choices={OVERLAPS}
        hint={
          overlap === "0" ? "Until the receiver knows the new one, it will refuse every delivery." : undefined
        }
      />
    </Dialog>
  );
}
