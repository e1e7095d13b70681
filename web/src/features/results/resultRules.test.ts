import { expect, test } from "vitest";

import { makeResult } from "../../testing/records.ts";
import { panelOfCode } from "./panels.ts";
import { countByPanel, groupByAnalyte, rangeText, shortName, valueText } from "./resultRules.ts";

const glucose = (value: string, date: string, change = {}) => makeResult("2345-7", "Glucose [Mass/volume] in Blood", value, date, change);

test("each analyte has its newest result and its own course", () => {
  const analytes = groupByAnalyte([
    glucose("153", "2026-10-20"),
    makeResult("3016-3", "Thyrotropin", "1.99", "2026-10-20"),
    glucose("95", "2026-04-01"),
  ]);

  expect(analytes.map((one) => [one.panel, one.latest.valueQuantity?.value, one.points.length])).toEqual([
    ["metabolic", "153", 2],
    ["thyroid", "1.99", 1],
  ]);
  expect(countByPanel(analytes)).toEqual({ metabolic: 1, cbc: 0, lipid: 0, thyroid: 1, other: 0 });
});

test("results entered in error are not results", () => {
  expect(groupByAnalyte([glucose("999", "2026-10-20", { status: "entered-in-error" })])).toEqual([]);
});

test("values in another unit, and 'less than' values, are not drawn in one line", () => {
  const [analyte] = groupByAnalyte([
    glucose("153", "2026-10-20"),
    glucose("5.2", "2026-05-01", { valueQuantity: { value: "5.2", comparator: null, unit: "mmol/L", code: "mmol/L" } }),
    glucose("40", "2026-04-01", { valueQuantity: { value: "40", comparator: "<", unit: "mg/dL", code: "mg/dL" } }),
  ]);

  expect(analyte?.results).toHaveLength(3);
  expect(analyte?.points).toEqual([{ date: "2026-10-20", value: "153" }]);
});

test("a value that is words has no unit; a missing value says why it is missing", () => {
  const none = { valueQuantity: null };

  expect(valueText(glucose("", "2026-10-20", { ...none, valueString: "Haemolysed" }))).toEqual({ value: "Haemolysed", unit: "" });
  expect(valueText(glucose("", "2026-10-20", { ...none, dataAbsentReason: { text: "Not performed", coding: [] } }))).toEqual({ value: "Not performed", unit: "" });
  expect(valueText(glucose("", "2026-10-20", { ...none, valueInteger: 0 }))).toEqual({ value: "0", unit: "" });
});

test("ranges with one side only say which", () => {
  const range = (low: string | null, high: string | null) => rangeText(glucose("1", "2026", { referenceRange: [{ text: null, low: low ? { value: low } : null, high: high ? { value: high } : null }] }));

  expect([range("70", "99"), range("60", null), range(null, "200")]).toEqual(["70–99", "≥ 60", "≤ 200"]);
});

test("an unknown code is in the other panel, and names lose only what LOINC adds", () => {
  expect(panelOfCode("99999-9")).toBe("other");
  expect(shortName("Glucose [Mass/volume] in Blood")).toBe("Glucose");
  expect(shortName("INR in Platelet poor plasma by Coagulation assay")).toBe("INR");
  expect(shortName("Cholesterol in HDL [Mass/volume] in Serum or Plasma")).toBe("Cholesterol in HDL");
  expect(shortName("pH")).toBe("pH");
});
