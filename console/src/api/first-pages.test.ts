import { expect, test } from "vitest";
import { firstPages } from "./first-pages";

const PAGES: Readonly<Record<string, { items: number[]; next: string | null }>> = {
  first: { items: [1, 2], next: "second" },
  second: { items: [3], next: null },
};

async function ask({ cursor = "first" }: { cursor?: string }) {
  const { items, next } = PAGES[cursor] ?? { items: [], next: null };
  return { items: [...items], next };
}

test.each([
  [1, { items: [1, 2], next: "second" }],
  [2, { items: [1, 2, 3], next: null }],
  [9, { items: [1, 2, 3], next: null }],
])("%i pages are one list, and tell whether there is more", async (pages, list) => {
  expect(await firstPages(pages, ask)).toEqual(list);
});
