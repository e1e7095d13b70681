import { describe, expect, test } from "vitest";

import { ageOn, dateIso, dateText } from "./dates.ts";

const today = new Date(2026, 10, 21);

describe("age", () => {
  test.each([
    ["1979-09-20", { unit: "years", count: 47 }],
    ["1979-11-21", { unit: "years", count: 47 }],
    ["1979-11-22", { unit: "years", count: 46 }],
    ["2024-11-21", { unit: "years", count: 2 }],
    ["2024-11-22", { unit: "months", count: 23 }],
    ["2026-10-21", { unit: "months", count: 1 }],
    ["2026-10-22", { unit: "days", count: 30 }],
    ["2026-11-21", { unit: "days", count: 0 }],
    ["1950", { unit: "years", count: 76 }],
  ])("of a patient born %s", (birthDate, age) => {
    expect(ageOn(birthDate, today)).toEqual(age);
  });

  test.each([null, "", "2026", "2026-12-01", "not a date"])("is not made up for %s", (birthDate) => {
    expect(ageOn(birthDate, today)).toBeNull();
  });
});

test.each([
  ["2026-11-21", "21 Nov 2026"],
  ["2026-11", "Nov 2026"],
  ["2026", "2026"],
  [null, ""],
])("%s reads %s: what was not recorded is not made up", (date, text) => {
  expect(dateText(date)).toBe(text);
});

test("a table shows the day it was here", () => {
  const noon = new Date(2026, 2, 4, 12, 0).toISOString();

  expect(dateIso(noon)).toBe("2026-03-04");
  expect(dateIso("2026-03-04")).toBe("2026-03-04");
});
