/** Where deliveries go, and how fast. */
import { seesAllTenants } from "../../session";
import { Card } from "../../ui/facts";
import { Checkbox, SelectField, TextField } from "../../ui/field";
import type { FormState } from "./form-state";

const ORDERS = [
  { value: "none", label: "None: fastest" },
  { value: "key", label: "By event key, also across retries" },
];

export function EndpointFields({ form: { values, set, errorOf, before } }: { form: FormState }) {
  return (
    <Card title="Endpoint">
      <div class="form">
        <TextField
          label="URL"
          type="url"
          inputMode="url"
          placeholder="https://example.com/webhooks"
          required
          value={values.url}
          onValue={(url) => set({ url })}
          error={errorOf("url")}
          hint="Deliveries are POSTed here. It has to be a public address."
        />
        {!before && (
          <div class="pair">
            <TextField
              label="Id"
              placeholder="Generated"
              value={values.id}
              onValue={(id) => set({ id })}
              error={errorOf("id")}
              hint="It can't be changed later."
            />
            {seesAllTenants() && (
              <TextField
                label="Tenant"
                value={values.tenant}
                onValue={(tenant) => set({ tenant })}
                error={errorOf("tenant")}
                hint="Whose events it gets."
              />
            )}
          </div>
        )}
        <TextField
          label="Description"
          placeholder="For people"
          spellcheck
          value={values.description}
          onValue={(description) => set({ description })}
          error={errorOf("description")}
        />
      </div>
    </Card>
  );
}

export function PaceFields({ form: { values, set, errorOf } }: { form: FormState }) {
  return (
    <Card title="Retries, order and pace">
      <div class="form">
        <TextField
          label="Retry policy"
          list="retry-policies"
          value={values.retryPolicy}
          onValue={(retryPolicy) => set({ retryPolicy })}
          error={errorOf("retry_policy")}
          hint="standard: about two days; quick: about a minute; none; or waits of your own, like 1s,5m,2h."
        />
        <datalist id="retry-policies">
          <option value="standard" />
          <option value="quick" />
          <option value="none" />
        </datalist>
        <Checkbox
          label="Give up at once at a 4xx"
          hint="But for 408, 425 and 429."
          checked={values.failFast}
          onChecked={(failFast) => set({ failFast })}
        />
        <SelectField
          label="Order"
          value={values.order}
          onValue={(order) => set({ order: order as typeof values.order })}
          choices={ORDERS}
          error={errorOf("order")}
        />
        <div class="pair">
          <TextField
            label="Time limit, seconds"
            inputMode="decimal"
            value={values.timeoutS}
            onValue={(timeoutS) => set({ timeoutS })}
            error={errorOf("timeout_s")}
          />
          <TextField
            label="Attempts at once"
            inputMode="numeric"
            value={values.maxInFlight}
            onValue={(maxInFlight) => set({ maxInFlight })}
            error={errorOf("max_in_flight")}
          />
        </div>
        <div class="pair">
          <TextField
            label="Rate limit"
            placeholder="None"
            value={values.rateLimit}
            onValue={(rateLimit) => set({ rateLimit })}
            error={errorOf("rate_limit")}
            hint="100/s, 5/m or 90/h"
          />
          <TextField
            label="Burst"
            inputMode="numeric"
            placeholder="A second's"
            disabled={!values.rateLimit.trim()}
            value={values.rateBurst}
            onValue={(rateBurst) => set({ rateBurst })}
            error={errorOf("rate_burst")}
            hint="At once after a quiet time"
          />
        </div>
      </div>
    </Card>
  );
}
