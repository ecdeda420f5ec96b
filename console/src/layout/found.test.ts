import { expect, it } from "vitest";
import { pagesNamed, wayTo, wayToEvent } from "./found";
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
