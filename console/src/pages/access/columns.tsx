/** What the lists of tokens and of links have in common. */
import { Button } from "../../ui/button";
import type { Column } from "../../ui/table";

/** What people call it, and under that its id. */
export function Named({ name, id }: { name: string; id: string }) {
  return (
    <span class="named">
      <strong>{name}</strong>
      <code class="muted">{id}</code>
    </span>
  );
}

/** A button that asks whether to revoke one; `nameOf` says which, to those who don't see the row. */
export function revokeColumn<Row>(nameOf: (row: Row) => string, revoke: (row: Row) => void): Column<Row> {
  return {
    head: "Revoke",
    align: "right",
    card: "beside",
    cell: (one) => (
      <Button small kind="danger" aria-label={`Revoke ${nameOf(one)}`} onClick={() => revoke(one)}>
        Revoke
      </Button>
    ),
  };
}
