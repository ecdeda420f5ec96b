import { expect, it } from "vitest";
import { schemaRows } from "./schema-rows";

const LINE = { type: "record", name: "Line", fields: [{ name: "sku", type: "string", doc: "Which one." }] };
const SCHEMA = {
  type: "record",
  name: "OrderCreated",
  namespace: "shop",
  fields: [
    { name: "id", type: { type: "string", logicalType: "uuid" } },
    {
      name: "total",
      type: ["null", { type: "bytes", logicalType: "decimal", precision: 12, scale: 2 }],
      default: null,
    },
    { name: "lines", type: { type: "array", items: LINE } },
    { name: "gift", type: ["null", "shop.Line"] },
    { name: "channel", type: { type: "enum", name: "Channel", symbols: ["WEB", "STORE"] }, default: "WEB" },
    { name: "either", type: ["string", "long"] },
    { name: "tags", type: { type: "map", values: "Line" } },
  ],
};

it("shows each field with its path and its type in words", () => {
  expect(schemaRows(SCHEMA).map((row) => [row.path, row.type, row.nullable, row.fallback])).toEqual([
    ["id", "uuid", false, undefined],
    ["total", "decimal (12, 2)", true, "null"],
    ["lines", "list of Line", false, undefined],
    ["lines[].sku", "string", false, undefined],
    ["gift", "Line", true, undefined],
    ["gift.sku", "string", false, undefined],
    ["channel", "Channel", false, '"WEB"'],
    ["either", "string or long", false, undefined],
    ["tags", "map of Line", false, undefined],
    ["tags{}.sku", "string", false, undefined],
  ]);
});

it("gives the symbols of an enum", () => {
  expect(schemaRows(SCHEMA).find((row) => row.name === "channel")?.symbols).toEqual(["WEB", "STORE"]);
});

it("ends where a record holds itself", () => {
  const node = { type: "record", name: "Node", fields: [{ name: "next", type: ["null", "Node"] }] };
  expect(schemaRows(node).length).toBeLessThan(20);
});

it("has no rows for what is no record", () => {
  expect(schemaRows("string")).toEqual([]);
  expect(schemaRows(null)).toEqual([]);
});
