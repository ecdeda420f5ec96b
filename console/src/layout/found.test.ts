import { expect, it } from "vitest";
import { pagesNamed, soughtIn, wayTo, wayToAddress, wayToEvent } from "./found";
import { PLACES } from "./places";

it.each([
  ["delivery", "a/b", "/deliveries/a%2Fb"],
  ["event", "evt-2", "/deliveries?event_id=evt-2"],
  ["subscription", "shop", "/subscriptions/shop"],
  ["event_type", "order.paid", "/catalog/order.paid"],
  ["host", "hooks.example.com", "/deliveries?host=hooks.example.com"],
] as const)("a %s leads to its page", (kind, id, href) => {
  expect(wayTo({ kind, id, detail: "d" })).toMatchObject({ name: id, about: "d", href });
});

it("finds pages by a part of their names", () => {
  expect(pagesNamed("deliv", PLACES).map((way) => way.href)).toEqual(["/deliveries"]);
  expect(pagesNamed("", PLACES)).toHaveLength(PLACES.length);
  expect(wayToEvent("e 1").href).toBe("/events/e%201");
});

it.each([
  ["https://console.example.com/deliveries/d-1?x=1", "/deliveries/d-1?x=1"],
  ["https://hooks.example.com/deliveries/d-1", undefined],
  ["/deliveries/d-1", undefined],
  ["evt-2", undefined],
])("the address %s of a page leads there", (text, href) => {
  expect(wayToAddress(text, "https://console.example.com")?.href).toBe(href);
});

it.each([
  ["https://hooks.example.com:8443/in?key=1", "hooks.example.com"],
  ["https://", "https://"],
  ["evt-2", "evt-2"],
])("by %s one looks for %s", (text, sought) => {
  expect(soughtIn(text)).toBe(sought);
});
