/** What a request looks like: its body's form, its signatures, its headers, its certificates. */
import { Button, IconButton } from "../../ui/button";
import { Card } from "../../ui/facts";
import { Checkbox, SelectField, TextArea, TextField } from "../../ui/field";
import type { FormValues, HeaderRow } from "./definition";
import type { FormState } from "./form-state";

const MODES = [
  { value: "webhook", label: "webhook: JSON with id, type, timestamp and data" },
  { value: "cloudevents", label: "cloudevents: CloudEvents, structured" },
  { value: "cloudevents-binary", label: "cloudevents-binary: CloudEvents, in headers" },
  { value: "data", label: "data: the data alone" },
  { value: "avro", label: "avro: Avro, single-object encoded" },
];
const SECRET_TYPES = [
  { value: "hmac", label: "Shared secret (HMAC-SHA256)" },
  { value: "ed25519", label: "Key pair (Ed25519): the receiver gets a public key" },
];
const PROFILES: readonly { value: FormValues["signatureProfiles"][number]; label: string }[] = [
  { value: "standard", label: "Standard Webhooks: webhook-signature" },
  { value: "x-webhook", label: "x-webhook-signature" },
];

export function BodyFields({ form: { values, set, errorOf, before } }: { form: FormState }) {
  return (
    <Card title="Request">
      <div class="form">
        <SelectField
          label="Content mode"
          value={values.contentMode}
          onValue={(mode) => set({ contentMode: mode as FormValues["contentMode"] })}
          choices={MODES}
          error={errorOf("content_mode")}
        />
        <TextArea
          label="Transform"
          placeholder='{"order": "data.order_id", "large": "data.total > 1000"}'
          value={values.transform}
          onValue={(transform) => set({ transform })}
          error={errorOf("transform")}
          hint="A JSON object that takes the place of the data; its texts are CEL expressions. Empty: the data as it is."
        />
        <fieldset class="checks">
          <legend class="field-label">Signature headers</legend>
          {PROFILES.map((profile) => (
            <Checkbox
              key={profile.value}
              label={profile.label}
              checked={values.signatureProfiles.includes(profile.value)}
              onChecked={(checked) =>
                set({
                  signatureProfiles: checked
                    ? [...values.signatureProfiles, profile.value]
                    : values.signatureProfiles.filter((one) => one !== profile.value),
                })
              }
            />
          ))}
          {errorOf("signature_profiles") && <p class="field-error">{errorOf("signature_profiles")}</p>}
        </fieldset>
        {!before && (
          <SelectField
            label="Signing secret"
            value={values.secretType}
            onValue={(type) => set({ secretType: type as FormValues["secretType"] })}
            choices={SECRET_TYPES}
            error={errorOf("secret_type", "secret")}
          />
        )}
        <Headers
          rows={values.headers}
          set={(headers) => set({ headers })}
          error={errorOf("headers", "removed_headers")}
        />
      </div>
    </Card>
  );
}

interface HeadersProps {
  rows: HeaderRow[];
  set: (rows: HeaderRow[]) => void;
  error: string | undefined;
}

function Headers({ rows, set, error }: HeadersProps) {
  const put = (place: number, change: Partial<HeaderRow>) =>
    set(rows.map((row, at) => (at === place ? { ...row, ...change } : row)));
  return (
    <fieldset class="rows">
      <legend class="field-label">Custom headers</legend>
      {rows.map((row, place) => (
        <div key={place} class="header-row">
          <TextField
            label={`Name of header ${place + 1}`}
            value={row.name}
            readOnly={row.value === null}
            onValue={(name) => put(place, { name })}
          />
          <TextField
            label={`Value of header ${place + 1}`}
            value={row.value ?? ""}
            placeholder={row.value === null ? "unchanged, not shown" : ""}
            onValue={(value) => put(place, { value })}
          />
          <IconButton
            icon="trash"
            label={`Remove header ${place + 1}`}
            onClick={() => set(rows.filter((_, at) => at !== place))}
          />
        </div>
      ))}
      <div>
        <Button small icon="plus" onClick={() => set([...rows, { name: "", value: "" }])}>
          Add a header
        </Button>
      </div>
      {error && <p class="field-error">{error}</p>}
    </fieldset>
  );
}

export function CertificateFields({ form: { values, set, errorOf, before } }: { form: FormState }) {
  const placeholder = (had: readonly unknown[] | undefined) =>
    had?.length ? "Unchanged. A single space removes it." : "None";
  return (
    <Card title="Certificates">
      <div class="form">
        <TextArea
          label="Trusted authorities"
          placeholder={placeholder(before?.ca_bundle)}
          value={values.caBundle ?? ""}
          onValue={(caBundle) => set({ caBundle: caBundle === "" ? null : caBundle })}
          error={errorOf("ca_bundle")}
          hint="PEM. The only ones that are trusted; without, the system's."
        />
        <TextArea
          label="Client certificate"
          placeholder={placeholder(before?.client_certificate)}
          value={values.clientCertificate ?? ""}
          onValue={(text) => set({ clientCertificate: text === "" ? null : text })}
          error={errorOf("client_certificate")}
          hint="PEM, its own first."
        />
        <TextArea
          label="Private key of the client certificate"
          placeholder={before?.client_certificate.length ? "Unchanged, not shown" : "None"}
          value={values.clientKey}
          onValue={(clientKey) => set({ clientKey })}
          error={errorOf("client_key")}
          hint="PEM. It is sealed and never shown."
        />
      </div>
    </Card>
  );
}
