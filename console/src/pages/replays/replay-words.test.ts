import { expect, it } from "vitest";
import { remainingMs, toWhom, whatOf } from "./replay-words";

const PLAIN = { source: "events", event_types: ["*"], reasons: [], statuses: [] } as const;

function what(given: object): string {
  return whatOf({ ...PLAIN, ...given } as unknown as Parameters<typeof whatOf>[0]);
}

it.each([
  [{}, "Events"],
  [{ event_types: ["order.*", "invoice.issued"] }, "Events: order.*, invoice.issued"],
  [{ event_types: ["a", "b", "c", "d"] }, "Events: 4 event types"],
  [{ statuses: ["failed", "none"] }, "Events: failed or none deliveries"],
  [{ source: "dead_letters", reasons: ["attempts_exhausted"] }, "Dead letters: attempts exhausted"],
])("%o is %s", (given, said) => {
  expect(what(given)).toBe(said);
});

it.each([
  [[], [], "all subscriptions"],
  [[], ["acme"], "all of acme"],
  [["a", "b"], [], "a, b"],
  [["a", "b", "c", "d"], [], "4 subscriptions"],
])("to %o of %o is %s", (subscription_ids, tenants, said) => {
  expect(toWhom({ subscription_ids, tenants })).toBe(said);
});

it("estimates from how it went so far, once there is something to go by", () => {
  expect(remainingMs(0.25, 10_000)).toBe(30_000);
  expect(remainingMs(1, 10_000)).toBe(0);
  expect(remainingMs(0, 10_000)).toBeNull();
  expect(remainingMs(0.25, 500)).toBeNull();
});
