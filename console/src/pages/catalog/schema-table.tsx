/** The fields of a version: what each is, and what it is about. */
import { Badge } from "../../ui/badge";
import { Empty } from "../../ui/states";
import { type Column, Table } from "../../ui/table";
import { type SchemaRow, schemaRows } from "./schema-rows";

export function SchemaTable({ avro, sensitive }: { avro: unknown; sensitive: readonly string[] }) {
  const rows = schemaRows(avro);
  const columns: readonly Column<SchemaRow>[] = [
    {
      head: "Field",
      card: "title",
      cell: (row) => (
        <span class={`field-name depth-${Math.min(row.depth, 4)}`}>
          <code>{row.name}</code>
          {isSensitive(row.path, sensitive) && <Badge tone="warn">sensitive</Badge>}
        </span>
      ),
    },
    {
      head: "Type",
      card: "beside",
      cell: (row) => (
        <span>
          {row.type}
          {row.nullable && <span class="muted">, may be null</span>}
        </span>
      ),
    },
    {
      head: "Default",
      cell: (row) =>
        row.fallback === undefined ? <span class="muted">–</span> : <code>{row.fallback}</code>,
    },
    {
      head: "About",
      cell: (row) => (
        <span>
          {row.about}
          {row.symbols.length > 0 && <span class="muted"> One of {row.symbols.join(", ")}.</span>}
        </span>
      ),
    },
  ];
  if (rows.length === 0) return <Empty icon="catalog" title="It has no fields" />;
  return <Table label="Fields" columns={columns} rows={rows} rowKey={(row) => row.path} />;
}

/** Sensitive paths name lists and maps without brackets, and stand for all within. */
function isSensitive(path: string, sensitive: readonly string[]): boolean {
  const plain = path.replaceAll("[]", "").replaceAll("{}", "");
  return sensitive.some((one) => one.replaceAll("[]", "").replaceAll("{}", "") === plain);
}
