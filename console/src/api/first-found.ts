/** Looks on through the pages of a search until one has something: each may be empty and not be the last. */

interface FoundPage {
  items: readonly unknown[];
  next: string | null;
  back_to_ms: number | null;
}

/**
 * Gives the first page that has something, or the last one, and how many were asked for.
 *
 * @param ask asks for the page that begins at a cursor, or for the newest.
 * @param start where to begin.
 * @param onLooked is told back to when nothing was found so far.
 */
export async function firstFound<P extends FoundPage>(
  ask: (from: { cursor?: string }) => Promise<P>,
  start: { cursor?: string },
  onLooked?: (backToMs: number) => void,
): Promise<P & { pages: number }> {
  let from = start;
  for (let pages = 1; ; pages += 1) {
    const found = await ask(from);
    if (found.items.length > 0 || found.next === null) return { ...found, pages };
    if (found.back_to_ms !== null) onLooked?.(found.back_to_ms);
    from = { cursor: found.next };
  }
}
