import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";

import { allergyRecord, makeAllergy, makeNoKnownAllergy } from "../../testing/records.ts";
import { axeOf, draw } from "../../testing/draw.tsx";
import { AllergyBanner } from "./AllergyBanner.tsx";
import { bannerState } from "./allergyRules.ts";

const nothing = () => undefined;
const show = (panel: Parameters<typeof AllergyBanner>[0]["panel"], onRetry = nothing) => draw(<AllergyBanner panel={panel} onRetry={onRetry} />);

describe("the four states never look alike", () => {
  test("drug allergies stand in their own block before food, with substance, reaction, severity and count", async () => {
    const reaction = [{ severity: "severe", manifestation: [{ text: "Anaphylaxis", coding: [] }] }];
    const { container } = show({
      state: "ready",
      data: allergyRecord([makeAllergy("Peanut", { category: ["food"] }), makeAllergy("Penicillin G", { reaction, criticality: "high" })]),
    });

    const headings = screen.getAllByRole("heading").map((heading) => heading.textContent);
    expect(headings).toEqual(["Drug allergies1 allergy1", "Food and environment1 allergy1"]);
    expect(screen.getByText("Penicillin G").closest("li")?.textContent).toBe("Penicillin G · Anaphylaxis · severe · high risk");
    expect(await axeOf(container)).toEqual([]);
  });

  test("no known allergies is somebody's statement, with its date", () => {
    show({ state: "ready", data: allergyRecord([], { status: "NO_KNOWN_ALLERGIES", none: [makeNoKnownAllergy("2024-01-05"), makeNoKnownAllergy("2026-03-02")] }) });

    expect(screen.getByText("No known allergies, as of 2 Mar 2026")).toBeTruthy();
  });

  test("not recorded is not none, and says so", () => {
    show({ state: "ready", data: allergyRecord([]) });

    expect(screen.getByText("Allergies not recorded")).toBeTruthy();
    expect(screen.getByText(/does not mean there are none/)).toBeTruthy();
    expect(screen.queryByText(/No known/)).toBeNull();
  });

  test("could not be loaded is an alert with a way to try again", async () => {
    const retry = vi.fn();
    show({ state: "failed", reference: "r-1" }, retry);

    expect(screen.getByRole("alert").textContent).toContain("Allergies could not be loaded");
    expect(screen.getByRole("alert").textContent).toContain("Reference r-1");
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(retry).toHaveBeenCalledOnce();
  });
});

test("an allergy whose kind nobody recorded stands with the drugs", () => {
  show({ state: "ready", data: allergyRecord([makeAllergy("Shellfish extract", { category: [] })]) });

  expect(screen.getByText("Shellfish extract").closest("li")?.textContent).toContain("kind not recorded");
  expect(screen.getByRole("heading").textContent).toContain("Drug allergies");
});

test("more than three are counted and can be opened; the most dangerous come first", async () => {
  const allergies = ["Aspirin", "Codeine", "Latex", "Iodine"].map((name) => makeAllergy(name));
  show({ state: "ready", data: allergyRecord([...allergies, makeAllergy("Penicillin G", { criticality: "high" })]) });

  expect(screen.getAllByRole("listitem")).toHaveLength(3);
  expect(screen.getAllByRole("listitem")[0]?.textContent).toContain("Penicillin G");
  await userEvent.click(screen.getByRole("button", { name: "+2 more" }));
  expect(screen.getAllByRole("listitem")).toHaveLength(5);
});

test("refuted and resolved allergies do not count as current, and do not become 'none known' either", () => {
  const resolved = makeAllergy("Latex", { clinicalStatus: { coding: [{ code: "resolved" }] } });
  const refuted = makeAllergy("Aspirin", { verificationStatus: { coding: [{ code: "refuted" }] } });

  expect(bannerState(allergyRecord([resolved, refuted])).kind).toBe("inactive");
});
