/** Which rows of a list that grows by itself are shown while somebody points at it: those that they see. Pure. */

export interface HeldRows<R> {
  rows: readonly R[];
  /** How many have come and are not shown. */
  came: number;
  /** None of those that are shown is among the newest any more: there may have been more in between. */
  atLeast: boolean;
}

/**
 * Gives the rows that stay where they are, each as it is now.
 *
 * @param seen the rows when somebody began to point at one; undefined where nobody does.
 * @param present the rows as they are now, newest first.
 * @param keyOf tells rows apart.
 */
export function heldRows<R>(
  seen: readonly R[] | undefined,
  present: readonly R[],
  keyOf: (row: R) => string,
): HeldRows<R> {
  if (seen === undefined) return { rows: present, came: 0, atLeast: false };
  const left = new Map(present.map((row) => [keyOf(row), row]));
  const rows = seen.map((row) => {
    const key = keyOf(row);
    const now = left.get(key) ?? row;
    left.delete(key);
    return now;
  });
  return { rows, came: left.size, atLeast: left.size === present.length && seen.length > 0 };
}
