/** An Avro schema as the rows of a table: each field with its path, its type in words, what it is about. Pure. */

export interface SchemaRow {
  /** Names from the top, such as `lines[].sku`. */
  path: string;
  name: string;
  depth: number;
  type: string;
  nullable: boolean;
  about: string;
  /** As JSON; undefined where the field has none. */
  fallback: string | undefined;
  symbols: string[];
}

type Schema = string | Schema[] | { [key: string]: unknown };

const MAX_DEPTH = 12;

/** Lists the fields of a record, those of records within it behind the field that holds them. */
export function schemaRows(schema: unknown): SchemaRow[] {
  const named = new Map<string, Schema>();
  collectNames(schema as Schema, "", named);
  return fieldsOf(schema as Schema, "", 0, named);
}

function fieldsOf(schema: Schema, path: string, depth: number, named: Map<string, Schema>): SchemaRow[] {
  const record = resolved(schema, named);
  if (!isObject(record) || record.type !== "record" || depth > MAX_DEPTH) return [];
  const rows: SchemaRow[] = [];
  for (const field of record.fields as { [key: string]: unknown }[]) {
    const name = String(field.name);
    const type = field.type as Schema;
    const here = path + name;
    const { inner, nullable } = withoutNull(type);
    rows.push({
      path: here,
      name,
      depth,
      type: typeWords(inner, named),
      nullable,
      about: String(field.doc ?? ""),
      fallback: "default" in field ? JSON.stringify(field.default) : undefined,
      symbols: symbolsOf(inner, named),
    });
    const { element, suffix } = elementOf(inner, named);
    rows.push(...fieldsOf(element, `${here}${suffix}.`, depth + 1, named));
  }
  return rows;
}

/** Says a type as people do: `decimal (12, 2)`, `list of OrderLine`, `text or number`. */
function typeWords(schema: Schema, named: Map<string, Schema>): string {
  if (Array.isArray(schema)) return schema.map((one) => typeWords(one, named)).join(" or ");
  if (!isObject(schema)) return named.has(schema) ? shortName(schema) : schema;
  if (schema.logicalType === "decimal") return `decimal (${schema.precision}, ${schema.scale ?? 0})`;
  if (typeof schema.logicalType === "string") return schema.logicalType;
  if (schema.type === "array") return `list of ${typeWords(schema.items as Schema, named)}`;
  if (schema.type === "map") return `map of ${typeWords(schema.values as Schema, named)}`;
  if (typeof schema.name === "string") return shortName(schema.name);
  return typeWords(schema.type as Schema, named);
}

function withoutNull(schema: Schema): { inner: Schema; nullable: boolean } {
  if (!Array.isArray(schema) || !schema.includes("null")) return { inner: schema, nullable: false };
  const others = schema.filter((one) => one !== "null");
  const only = others[0];
  return { inner: others.length === 1 && only !== undefined ? only : others, nullable: true };
}

function elementOf(schema: Schema, named: Map<string, Schema>): { element: Schema; suffix: string } {
  const found = resolved(schema, named);
  if (isObject(found) && found.type === "array") return within(found.items as Schema, "[]", named);
  if (isObject(found) && found.type === "map") return within(found.values as Schema, "{}", named);
  return { element: found, suffix: "" };
}

function within(
  schema: Schema,
  mark: string,
  named: Map<string, Schema>,
): { element: Schema; suffix: string } {
  const { element, suffix } = elementOf(withoutNull(schema).inner, named);
  return { element, suffix: mark + suffix };
}

function symbolsOf(schema: Schema, named: Map<string, Schema>): string[] {
  const found = resolved(schema, named);
  return isObject(found) && found.type === "enum" ? (found.symbols as string[]) : [];
}

function resolved(schema: Schema, named: Map<string, Schema>): Schema {
  if (typeof schema === "string") return named.get(schema) ?? schema;
  // {"type": {"type": "record", …}} is the same as its inside.
  return isObject(schema) && isObject(schema.type as Schema)
    ? resolved(schema.type as Schema, named)
    : schema;
}

function collectNames(schema: Schema, space: string, named: Map<string, Schema>): void {
  if (Array.isArray(schema)) for (const one of schema) collectNames(one, space, named);
  if (!isObject(schema)) return;
  const own = typeof schema.namespace === "string" ? schema.namespace : space;
  if (typeof schema.name === "string") {
    named.set(schema.name, schema);
    if (own && !schema.name.includes(".")) named.set(`${own}.${schema.name}`, schema);
  }
  for (const key of ["type", "items", "values"]) {
    const inner = schema[key] as Schema | undefined;
    if (inner !== undefined && typeof inner !== "string") collectNames(inner, own, named);
  }
  if (Array.isArray(schema.fields)) {
    for (const field of schema.fields as { type: Schema }[]) collectNames(field.type, own, named);
  }
}

function isObject(schema: Schema): schema is { [key: string]: unknown } {
  return typeof schema === "object" && schema !== null && !Array.isArray(schema);
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
