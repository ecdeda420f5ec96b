import { expect, test } from "vitest";
import { firstFound } from "./first-found";

interface Page {
  items: string[];
  next: string | null;
  back_to_ms: number | null;
}

/** Answers with pages in turn, and notes the cursors that were asked for. */
function answering(pages: Page[]) {
  const cursors: (string | undefined)[] = [];
  const ask = async ({ cursor }: { cursor?: string }): Promise<Page> => {
    const page = pages[cursors.length];
    cursors.push(cursor);
    if (page === undefined) throw new Error("asked for a page behind the last one");
    return page;
  };
  return { ask, cursors };
}

const EMPTY = { items: [], next: "b", back_to_ms: 2000 };
const EMPTY_TOO = { items: [], next: "c", back_to_ms: 1000 };

test("a page that has something is enough", async () => {
  const { ask, cursors } = answering([{ items: ["one"], next: "b", back_to_ms: 5 }]);
  expect(await firstFound(ask, { cursor: "a" }, () => expect.unreachable())).toMatchObject({
    items: ["one"],
    pages: 1,
  });
  expect(cursors).toEqual(["a"]);
});

test("empty pages are passed, and it tells back to when nothing was found", async () => {
  const { ask, cursors } = answering([EMPTY, EMPTY_TOO, { items: ["one"], next: null, back_to_ms: null }]);
  const looked: number[] = [];
  const found = await firstFound(ask, {}, (backToMs) => looked.push(backToMs));
  expect(found).toMatchObject({ items: ["one"], next: null, pages: 3 });
  expect(cursors).toEqual([undefined, "b", "c"]);
  expect(looked).toEqual([2000, 1000]);
});

test("the last page ends it, though it is empty", async () => {
  const { ask } = answering([EMPTY, { items: [], next: null, back_to_ms: null }]);
  expect(await firstFound(ask, {})).toMatchObject({ items: [], pages: 2 });
});
