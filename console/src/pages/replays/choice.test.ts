import { expect, it } from "vitest";
import { choiceErrors, emptyChoice, requestOf } from "./choice";

const NOW = 1_795_000_000_000;

it("asks for the last day of one subscription, at a bounded rate, unless something else is said", () => {
  expect(requestOf(emptyChoice("shop"), NOW)).toEqual({
    source: "events",
    subscription_ids: ["shop"],
    since_ms: NOW - 86_400_000,
    rate_per_s: 500,
  });
});

it("asks for all that is said", () => {
  const choice = {
    ...emptyChoice(""),
    toAll: true,
    span: "own" as const,
    from: "2026-01-31T02:00Z",
    to: "2026-01-31T04:00Z",
    eventTypes: "order.*, invoice.issued",
    tenants: "acme",
    statuses: ["failed" as const],
    filter: " data.total > 1 ",
    rate: "",
  };
  expect(requestOf(choice, NOW)).toEqual({
    source: "events",
    to_all: true,
    since_ms: Date.UTC(2026, 0, 31, 2),
    until_ms: Date.UTC(2026, 0, 31, 4),
    event_types: ["order.*", "invoice.issued"],
    tenants: ["acme"],
    statuses: ["failed"],
    filter: "data.total > 1",
    rate_per_s: null,
  });
});

it("says what is missing", () => {
  expect(choiceErrors(emptyChoice("shop"))).toEqual({});
  expect(Object.keys(choiceErrors({ ...emptyChoice(" "), span: "own", rate: "-1" })).sort()).toEqual([
    "from",
    "rate",
    "subscriptions",
  ]);
  expect(choiceErrors({ ...emptyChoice(""), toAll: true })).toEqual({});
});
