/** Lists: a table on a wide screen, one card a row on a narrow one. j and k go through the rows' links. */
import type { ComponentChildren } from "preact";
import { Link } from "wouter-preact";

export interface Column<R> {
  head: string;
  cell: (row: R) => ComponentChildren;
  /** Numbers stand at the right. */
  align?: "right";
  /** On a card: the first line, at its beginning, at its end, or not there at all. Else below it, with the column's name. */
  card?: "title" | "mark" | "beside" | "hidden";
  /** Takes what room is left and is cut where it is longer. */
  wide?: boolean;
}

export interface TableProps<R> {
  /** What the table holds, for screen readers. */
  label: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  rowKey: (row: R) => string;
  /** Where a row leads: its first column becomes a link, and the whole row a target for it. */
  href?: (row: R) => string;
}

export function Table<R>({ label, columns, rows, rowKey, href }: TableProps<R>) {
  return (
    <div class="table-frame">
      {/* Roles are told, because a table that is laid out as cards is none for every browser. */}
      {/* biome-ignore-start lint/a11y/noRedundantRoles: see above */}
      <table class={href ? "table table-links" : "table"} role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.head} role="columnheader" scope="col" class={classOf(column)}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map((column, place) => (
                <td key={column.head} role="cell" class={classOf(column)} data-head={column.head}>
                  {place === 0 && href ? (
                    <Link href={href(row)} class="row-link" data-row>
                      {column.cell(row)}
                    </Link>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {/* biome-ignore-end lint/a11y/noRedundantRoles: see above */}
    </div>
  );
}

function classOf<R>({ align, card, wide }: Column<R>): string {
  return [align === "right" && "right", card && `card-${card}`, wide && "wide"].filter(Boolean).join(" ");
}
