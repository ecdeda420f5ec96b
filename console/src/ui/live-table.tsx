/** A table whose rows come by themselves, newest first. They stay under the pointer, and where the focus is. */
import { useRef, useState } from "preact/hooks";
import { Button } from "./button";
import { count } from "./format";
import { heldRows } from "./held-rows";
import { Table, type TableProps } from "./table";

interface Props<R> extends TableProps<R> {
  /** Which list it is: of another one nothing is held. undefined while the rows are still those of the one before. */
  list: string | undefined;
}

/** What comes while somebody points at a row or has the focus in one is counted, and shown when they ask or leave. */
export function LiveTable<R>({ list, ...table }: Props<R>) {
  const [seen, setSeen] = useState<{ list: string; rows: readonly R[] }>();
  const frame = useRef<HTMLDivElement>(null);
  const isPointedAt = useRef(false);
  const held = seen !== undefined && seen.list === list ? seen.rows : undefined;
  const { rows, came, atLeast } = heldRows(held, table.rows, table.rowKey);

  const hold = () => {
    if (held === undefined && list !== undefined) setSeen({ list, rows: table.rows });
  };
  const letGo = (goesTo: EventTarget | null) => {
    if (!isPointedAt.current && !(goesTo instanceof Node && frame.current?.contains(goesTo))) {
      setSeen(undefined);
    }
  };
  const point = () => {
    isPointedAt.current = true;
    hold();
  };
  return (
    <div
      ref={frame}
      onPointerEnter={point}
      onPointerMove={point}
      onPointerLeave={() => {
        isPointedAt.current = false;
        letGo(document.activeElement);
      }}
      onFocusIn={hold}
      onFocusOut={(event) => letGo(event.relatedTarget)}
    >
      {came > 0 && (
        <div class="came">
          <Button
            small
            kind="primary"
            onClick={() =>
              setSeen(isPointedAt.current && list !== undefined ? { list, rows: table.rows } : undefined)
            }
          >
            {count(came)}
            {atLeast && "+"} new
          </Button>
        </div>
      )}
      <Table {...table} rows={rows} />
    </div>
  );
}
