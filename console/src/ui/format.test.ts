import { describe, expect, it } from "vitest";
import { brief, bytes, counted, duration, percent, perSecond, relative, words } from "./format";

describe("numbers", () => {
  it.each([
    [1, "100 %"],
    [0.99996, "99.99 %"],
    [0.9, "90 %"],
    [0.123, "12.3 %"],
    [0.0003, "under 0.1 %"],
    [0, "0 %"],
  ])("%f of all is %s, never rounded up to all or down to nothing", (share, text) =>
    expect(percent(share)).toBe(text),
  );

  it.each([
    [0, "0/s"],
    [0.0007, "under 0.1/min"],
    [0.05, "3/min"],
    [0.42, "0.4/s"],
    [9.96, "10/s"],
    [1234.5, "1,235/s"],
  ])("%f a second is %s", (value, text) => expect(perSecond(value)).toBe(text));

  it("has units that fit", () => {
    expect([bytes(0), bytes(999), bytes(3400), bytes(2.5e9), bytes(7e15)]).toEqual([
      "0 B",
      "999 B",
      "3.4 KB",
      "2.5 GB",
      "7,000 TB",
    ]);
    expect([brief(999), brief(12_345)]).toEqual(["999", "12.3K"]);
  });

  it("counts things", () => {
    expect([counted(1, "attempt"), counted(2000, "attempt"), counted(2, "reply", "replies")]).toEqual([
      "1 attempt",
      "2,000 attempts",
      "2 replies",
    ]);
    expect(words("attempts_exhausted")).toBe("attempts exhausted");
  });
});

describe("times", () => {
  it.each([
    [0, "0 ms"],
    [850, "850 ms"],
    [1234, "1.2 s"],
    [61_000, "1 min"],
    [5_400_000, "1.5 h"],
    [172_800_000, "2 d"],
  ])("%i ms are %s", (ms, text) => expect(duration(ms)).toBe(text));

  it.each([
    [0, "just now"],
    [-5500, "5 s ago"],
    [7_200_000, "in 2 h"],
  ])("%i ms away is %s", (away, text) => expect(relative(1e12 + away, 1e12)).toBe(text));
});
