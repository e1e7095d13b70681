import { expect, test } from "vitest";

import { numberText, quantityText, unitText } from "./quantity.ts";

test.each([
  ["5.0", "5"],
  ["1.00", "1"],
  [".5", "0.5"],
  ["0.50", "0.5"],
  ["100", "100"],
  ["1234567", "1234567"],
  ["6.842910000000001", "6.843"],
  ["153.72839", "153.7"],
  ["0.000012345678", "0.00001235"],
  ["-1.50", "-1.5"],
  ["1e3", "1000"],
  ["", ""],
  [null, ""],
])("the number %s is shown as %s: a leading zero, never a trailing one", (value, shown) => {
  expect(numberText(value)).toBe(shown);
});

test.each([
  ["ug", "mcg"],
  ["ug/L", "mcg/L"],
  ["μg/mL", "mcg/mL"],
  ["U", "units"],
  ["U/L", "U/L"],
  ["[IU]/mL", "international units/mL"],
  ["mm[Hg]", "mmHg"],
  ["10*3/uL", "×10³/µL"],
  ["{score}", "score"],
  [null, ""],
])("the unit %s is shown as %s: nothing that is misread", (unit, shown) => {
  expect(unitText(unit)).toBe(shown);
});

test("a value carries its unit and its comparator", () => {
  expect(quantityText({ value: "5.0", comparator: "<", unit: "mg/dL" })).toBe("<5 mg/dL");
  expect(quantityText({ value: "42", unit: "%" })).toBe("42%");
});
