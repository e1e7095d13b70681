import { expect, test } from "vitest";

import { flagInRange, flagOf } from "./flags.ts";
import { recentCourse } from "./trend.ts";

const coded = (code: string) => ({ interpretation: [{ coding: [{ code }] }], valueQuantity: { value: "500" }, referenceRange: [{ low: { value: "70" }, high: { value: "99" } }] });

test.each([["HH", "HH"], ["H", "H"], ["LL", "LL"], ["A", "A"], ["N", null]])("the laboratory's own %s is what is shown, whatever the range says", (code, flag) => {
  expect(flagOf(coded(code))).toBe(flag);
});

test("without an interpretation the laboratory's own range decides, its limits included", () => {
  const result = (value: string) => ({ valueQuantity: { value }, referenceRange: [{ low: { value: "70" }, high: { value: "99" } }] });

  expect(["69.9", "70", "99", "99.1"].map((value) => flagOf(result(value)))).toEqual(["L", null, null, "H"]);
});

test("without a range nothing is judged", () => {
  expect(flagInRange("500", null, null)).toBeNull();
  expect(flagOf({ valueQuantity: { value: "500" }, referenceRange: [] })).toBeNull();
});

test("a course is the last six months, in order, and says where it goes", () => {
  const course = recentCourse([
    { date: "2026-06-01", value: "1.4" },
    { date: "2026-01-15", value: "1.0" },
    { date: "2024-01-01", value: "9" },
  ]);

  expect(course.values).toEqual([1, 1.4]);
  expect(course.direction).toBe("rising");
  expect(course.months).toBe(5);
});

test("a lone recent value is drawn with the ones before it", () => {
  const course = recentCourse([
    { date: "2026-06-01", value: "5" },
    { date: "2023-01-15", value: "5.1" },
  ]);

  expect(course.values).toEqual([5.1, 5]);
  expect(course.direction).toBe("steady");
});
