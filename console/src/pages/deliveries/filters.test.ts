import { describe, expect, it } from "vitest";
import { changed, fieldOf, isNarrowed, momentOf, queryOf } from "./filters";

const query = (text: string) => queryOf(new URLSearchParams(text));

describe("what an address asks for", () => {
  it.each([
    ["", {}],
    ["event_id= evt-2 &limit=9", { event_id: "evt-2" }],
    ["subscription_id=a&subscription_id=b", { subscription_id: ["a", "b"] }],
    ["state=delivered&state=nonsense&state=pending", { state: ["delivered", "pending"] }],
    ["since_ms=5&before_ms=never", { since_ms: 5 }],
    ["host=a.example&cursor=1-2-3", { host: "a.example", cursor: "1-2-3" }],
  ])("%j is %j", (text, wanted) => expect(query(text)).toEqual(wanted));

  it("is narrowed by filters, not by the page one is on", () => {
    expect([isNarrowed(query("cursor=x")), isNarrowed(query("tenant=a&cursor=x"))]).toEqual([false, true]);
  });

  it("begins at the first page when a filter changes", () => {
    const before = new URLSearchParams("state=pending&tenant=a&cursor=x");
    expect(changed(before, "state", ["delivered", "discarded"]).toString()).toBe(
      "tenant=a&state=delivered&state=discarded",
    );
    expect(changed(before, "tenant", [" "]).toString()).toBe("state=pending");
  });
});

it("gives moments to fields and takes them back, to the minute", () => {
  const atMs = Date.UTC(2026, 10, 26, 4, 14);
  expect(momentOf(fieldOf(atMs))).toBe(atMs);
  expect([fieldOf(undefined), momentOf(""), momentOf("soon")]).toEqual(["", undefined, undefined]);
  expect(momentOf("0002-11-26T04:14"), "a year that is half typed").toBeUndefined();
});
