import { QueryClient } from "@tanstack/react-query";
import { HttpResponse } from "msw";
import { expect, test } from "vitest";

import { answering, withServer } from "../testing/server.ts";
import { makePatient } from "../testing/records.ts";
import { chartQuery, resultsQuery } from "./chart.api.ts";
import { SignedOut } from "./client.ts";
import { keys } from "./keys.ts";

withServer();
const client = () => new QueryClient({ defaultOptions: { queries: { retry: false } } });
const whole = { patient: makePatient(), allergyStatus: "NOT_RECORDED", allergies: [], noKnownAllergies: [], problems: [], medications: [], immunizations: [], encounters: { items: [], total: 0, next: null }, trends: [], careTeam: [] };

test("every query key starts with tenant, then patient", () => {
  for (const key of [keys.chart("demo", "p1"), keys.results("demo", "p1"), keys.encounters("demo", "p1"), keys.patient("demo", "p1")]) {
    expect(key.slice(0, 2)).toEqual(["demo", "p1"]);
  }
});

test("a request names its tenant in the path, its patient in the variables, and carries the header a foreign form cannot send", async () => {
  const seen = answering(() => ({ data: { chart: whole } }));

  await client().fetchQuery(chartQuery("demo", "p1"));

  expect(new URL(seen.requests[0]?.url ?? "").pathname).toBe("/demo/graphql");
  expect(seen.asked[0]?.variables).toEqual({ patient: "p1" });
  expect(seen.requests[0]?.headers.get("X-Osler-Request")).toBe("1");
});

test("a part that failed fails alone", async () => {
  answering(() => ({ data: { chart: { ...whole, problems: null } }, errors: [{ message: "no", path: ["chart", "problems"], extensions: { code: "exception" } }] }));

  const chart = await client().fetchQuery(chartQuery("demo", "p1"));

  expect(chart?.problems.state).toBe("failed");
  expect(chart?.medications.state).toBe("ready");
  expect(chart?.allergies.state).toBe("ready");
});

test("a list of which one entry failed does not look complete", async () => {
  answering(() => ({ data: { chart: whole }, errors: [{ message: "no", path: ["chart", "medications", 3, "requester"], extensions: { code: "incomplete" } }] }));

  const chart = await client().fetchQuery(chartQuery("demo", "p1"));

  expect(chart?.medications.state).toBe("failed");
});

test("allergies without their status are not 'none'", async () => {
  answering(() => ({ data: { chart: { ...whole, allergyStatus: null } }, errors: [{ message: "no", path: ["chart", "allergyStatus"] }] }));

  const chart = await client().fetchQuery(chartQuery("demo", "p1"));

  expect(chart?.allergies.state).toBe("failed");
});

test("what the role may not see is forbidden, not empty", async () => {
  answering(() => ({ data: { chart: { ...whole, medications: null } }, errors: [{ message: "no", path: ["chart", "medications"], extensions: { code: "forbidden" } }] }));

  const chart = await client().fetchQuery(chartQuery("demo", "p1"));

  expect(chart?.medications.state).toBe("forbidden");
});

test("a patient who does not exist is null", async () => {
  answering(() => ({ data: { chart: null } }));

  expect(await client().fetchQuery(chartQuery("demo", "nobody"))).toBeNull();
});

test("an ended session is told apart from a failure", async () => {
  answering(() => new HttpResponse(null, { status: 401 }));

  await expect(client().fetchQuery(chartQuery("demo", "p1"))).rejects.toBeInstanceOf(SignedOut);
});

test("results are read on from where the page ended", async () => {
  const seen = answering(({ variables }) => ({ data: { chart: { results: { items: [], total: 400, next: variables["after"] ? null : "c1" } } } }));

  await client().fetchInfiniteQuery({ ...resultsQuery("demo", "p1"), pages: 2 });

  expect(seen.asked.map((asked) => asked.variables["after"])).toEqual([null, "c1"]);
});
