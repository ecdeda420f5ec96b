/** Lists that are read page by page, and shown as one. */

interface PageOf<T> {
  items: T[];
  /** The cursor of the page behind it; null where there is none. */
  next: string | null;
}

/** Reads so many pages of a list from its beginning, and gives them as one. */
export async function firstPages<T>(
  pages: number,
  ask: (from: { cursor?: string }) => Promise<PageOf<T>>,
): Promise<PageOf<T>> {
  const read = await ask({});
  for (let page = 1; page < pages && read.next !== null; page += 1) {
    const { items, next } = await ask({ cursor: read.next });
    read.items.push(...items);
    read.next = next;
  }
  return read;
}
