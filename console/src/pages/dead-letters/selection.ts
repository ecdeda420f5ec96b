/**
 * Which dead letters of a group are chosen: those that were ticked, or all of the group, also those that are on no page
 * that was loaded. Pure.
 */

export interface Selection {
  all: boolean;
  ids: ReadonlySet<string>;
}

export const NOTHING: Selection = { all: false, ids: new Set() };

/** Ticks one, or unticks it. Out of "all of the group" this leaves those that are loaded, but for this one. */
export function toggled(selection: Selection, id: string, loaded: readonly string[]): Selection {
  const ids = new Set(selection.all ? loaded : selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { all: false, ids };
}

/** Ticks all that are loaded, or none if they all were. */
export function toggledPage(selection: Selection, loaded: readonly string[]): Selection {
  const complete = selection.all || loaded.every((id) => selection.ids.has(id));
  return { all: false, ids: complete ? new Set() : new Set([...selection.ids, ...loaded]) };
}

/** Says whether one is ticked. */
export function isChosen(selection: Selection, id: string): boolean {
  return selection.all || selection.ids.has(id);
}

/** Counts what is chosen. */
export function chosenCount(selection: Selection, groupCount: number): number {
  return selection.all ? groupCount : selection.ids.size;
}

/** The API takes so many ids at once. */
export const AT_ONCE = 100;

/** Takes a list apart into lists of at most so many. */
export function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, place) =>
    all.slice(place * size, (place + 1) * size),
  );
}
