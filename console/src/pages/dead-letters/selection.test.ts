import { expect, it } from "vitest";
import { chosenCount, chunks, isChosen, NOTHING, toggled, toggledPage } from "./selection";

const LOADED = ["a", "b"];

it("is ticked one by one", () => {
  const one = toggled(NOTHING, "a", LOADED);
  expect([isChosen(one, "a"), isChosen(one, "b"), chosenCount(one, 9)]).toEqual([true, false, 1]);
  expect(chosenCount(toggled(one, "a", LOADED), 9)).toBe(0);
});

it("takes all that are loaded, and none if all were taken", () => {
  const page = toggledPage(NOTHING, LOADED);
  expect(chosenCount(page, 9)).toBe(2);
  expect(chosenCount(toggledPage(page, LOADED), 9)).toBe(0);
});

it("stands for the whole group, also what is not loaded", () => {
  const all = { all: true, ids: new Set<string>() };
  expect([isChosen(all, "z"), chosenCount(all, 9)]).toEqual([true, 9]);
});

it("is what is loaded but for one that is unticked out of the whole group", () => {
  const rest = toggled({ all: true, ids: new Set() }, "a", LOADED);
  expect([isChosen(rest, "a"), isChosen(rest, "b"), chosenCount(rest, 9)]).toEqual([false, true, 1]);
});

it("is asked for in parts", () => {
  expect(chunks(["a", "b", "c"], 2)).toEqual([["a", "b"], ["c"]]);
  expect(chunks([], 2)).toEqual([]);
});
