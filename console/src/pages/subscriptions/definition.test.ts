import { describe, expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import {
  creationOf,
  emptyValues,
  type FormValues,
  formErrors,
  patchOf,
  patternsOf,
  rebased,
  valuesOf,
} from "./definition";

const VIEW: Schemas["SubscriptionView"] = {
  id: "shop",
  tenant: "default",
  description: "the shop",
  url: "https://shop.example/in",
  event_types: ["order.created", "order.paid"],
  signature_profiles: ["standard"],
  timeout_s: 10,
  max_in_flight: 32,
  rate_limit: "5/s",
  rate_burst: 10,
  order: "none",
  retry_policy: "quick",
  fail_fast: false,
  pins: { "order.created": 2, "order.paid": 1 },
  follow_latest: false,
  content_mode: "webhook",
  filter: "data.total > 1",
  on_filter_error: "send",
  sensitive_grants: [],
  transform: { id: "data.order_id" },
  headers: ["X-Key", "X-Other"],
  ca_bundle: [],
  client_certificate: [],
  max_attempts: 4,
  state: "active",
  state_reason: null,
  state_changed_at_ms: null,
  failing_since_ms: null,
  revision: 3,
  created_at_ms: 1,
  updated_at_ms: 2,
  secrets: [],
};

function changed(change: Partial<FormValues>) {
  const before = valuesOf(VIEW);
  return patchOf(before, { ...before, ...change });
}

describe("a patch", () => {
  it("of nothing is empty", () => {
    expect(changed({})).toEqual({});
    expect(patchOf(emptyValues(), emptyValues())).toEqual({});
  });

  it.each<[string, Partial<FormValues>, object]>([
    ["a text", { description: "another" }, { description: "another" }],
    ["a text that is gone", { description: " ", filter: "" }, { description: null, filter: null }],
    ["numbers", { timeoutS: "2.5", maxInFlight: "8" }, { timeout_s: 2.5, max_in_flight: 8 }],
    ["a rate", { rateLimit: "100/m" }, { rate_limit: "100/m" }],
    ["no rate, which has no burst either", { rateLimit: "" }, { rate_limit: "none" }],
    [
      "a pin: the others are said, too",
      { pins: { "order.paid": 2, "order.created": 2 } },
      { pins: { "order.created": 2, "order.paid": 2 } },
    ],
    ["the latest versions instead of pins", { followLatest: true }, { follow_latest: true, pins: {} }],
    [
      "event types",
      { eventTypes: ["order.*, invoice.issued"] },
      { event_types: ["order.*", "invoice.issued"] },
    ],
    ["a transform", { transform: '{"total": "data.total"}' }, { transform: { total: "data.total" } }],
    ["a transform that is only written in another way", { transform: '{"id":"data.order_id"}' }, {}],
    ["no transform", { transform: "" }, { transform: null }],
    [
      "certificates",
      { caBundle: "PEM", clientCertificate: "" },
      { ca_bundle: "PEM", client_certificate: null },
    ],
  ])("says %s", (_, change, patch) => {
    expect(JSON.parse(JSON.stringify(changed(change)))).toEqual(patch);
  });

  it("names headers that are new, changed or gone, and is silent of the others", () => {
    const headers = [
      { name: "x-key", value: null },
      { name: "X-New", value: "1" },
    ];
    expect(changed({ headers })).toEqual({ headers: { "X-Other": null, "X-New": "1" } });
    expect(
      changed({
        headers: [
          { name: "X-Key", value: "2" },
          { name: "X-Other", value: null },
        ],
      }),
    ).toEqual({
      headers: { "X-Key": "2" },
    });
  });
});

describe("a new subscription", () => {
  it("says what is not a default, and always where and what", () => {
    const values = {
      ...emptyValues(),
      url: " https://a.example/ ",
      eventTypes: ["order.created@1"],
      failFast: true,
    };
    expect(JSON.parse(JSON.stringify(creationOf(values)))).toEqual({
      tenant: "default",
      url: "https://a.example/",
      event_types: ["order.created@1"],
      fail_fast: true,
    });
  });

  it("has an id, a kind of secret and headers where they are given", () => {
    const values = {
      ...emptyValues(),
      id: "a",
      secretType: "ed25519" as const,
      headers: [{ name: "X-Key", value: "1" }],
    };
    expect(creationOf(values)).toMatchObject({ id: "a", secret_type: "ed25519", headers: { "X-Key": "1" } });
  });
});

describe("the form", () => {
  it("names what has no form in a request", () => {
    const values = {
      ...emptyValues(),
      timeoutS: "long",
      maxInFlight: "1.5",
      transform: "[1]",
      headers: [{ name: "", value: "1" }],
    };
    expect(Object.keys(formErrors(values)).sort()).toEqual([
      "headers",
      "max_in_flight",
      "timeout_s",
      "transform",
    ]);
    expect(formErrors(emptyValues())).toEqual({});
    expect(formErrors(valuesOf(VIEW))).toEqual({});
  });

  it("keeps what was changed in it on top of what somebody else has changed", () => {
    const before = valuesOf(VIEW);
    const now = { ...before, rateLimit: "9/s", filter: "false", pins: {} };
    const edited = { ...before, description: "mine", filter: "true" };
    expect(rebased(before, now, edited)).toEqual({ ...now, description: "mine", filter: "true" });
  });

  it("takes lists that were typed in any way", () => {
    expect(patternsOf(["a, b", "b\nc  d"])).toEqual(["a", "b", "c", "d"]);
  });
});
