import { expect, it } from "vitest";
import { coveredTypes } from "./covered-types";

const TYPES = ["order.created", "order.paid", "orders.paid", "invoice.issued"].map((event_type) => ({
  event_type,
}));

it.each([
  [["order.paid"], ["order.paid"]],
  [["order.paid@2"], ["order.paid"]],
  [
    ["order.*", "invoice.issued"],
    ["order.created", "order.paid", "invoice.issued"],
  ],
  [["*"], ["order.created", "order.paid", "orders.paid", "invoice.issued"]],
  [["order"], []],
  [[], []],
])("%s is for %s", (patterns, found) => {
  expect(coveredTypes(patterns, TYPES).map((type) => type.event_type)).toEqual(found);
});
