import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { HttpResponse } from "msw";
import { expect, test, vi } from "vitest";

import { axeOf, draw } from "../../testing/draw.tsx";
import { answering, withServer } from "../../testing/server.ts";
import { PatientSearch } from "./PatientSearch.tsx";
import type { PatientRow } from "./patients.api.ts";

withServer();
const row = (id: string, name: string): PatientRow => ({ id, name, birthDate: "1979-09-20", gender: "female", mrn: `MRN-${id}`, phone: "480-555-0193", lastVisit: "2026-10-20T09:00:00Z", deceased: false });
const found = (...items: PatientRow[]) => ({ data: { patients: { items, hasMore: false } } });

function Search({ onOpen }: { onOpen: (patient: PatientRow) => void }) {
  const [typed, setTyped] = useState("");
  return <PatientSearch typed={typed} onType={setTyped} onOpen={onOpen} />;
}

test("arrows choose and Enter opens the chosen patient", async () => {
  answering(({ variables }) => (variables["search"] === "garcia" ? found(row("1", "Maria Elena Garcia"), row("2", "Maria Luisa Garcia")) : found()));
  const open = vi.fn();
  const { container } = draw(<Search onOpen={open} />);

  await userEvent.type(screen.getByRole("combobox", { name: "Find a patient" }), "garcia");
  await screen.findByText("Maria Luisa Garcia");
  await userEvent.keyboard("{ArrowDown}{Enter}");

  expect(open).toHaveBeenCalledExactlyOnceWith(row("2", "Maria Luisa Garcia"));
  expect(await axeOf(container)).toEqual([]);
});

test("each row says age, date of birth, sex, MRN, the tail of the phone and the last visit", async () => {
  answering(() => found(row("1", "Maria Elena Garcia")));
  draw(<Search onOpen={vi.fn()} />);

  const option = await screen.findByRole("option");

  for (const said of ["Maria Elena Garcia", "20 Sep 1979", "Female", "MRN-1", "…0193", "2026-10-20"]) expect(option.textContent).toContain(said);
  expect(option.textContent).not.toContain("480-555");
});

test("typing asks once it pauses, and Enter before the answer opens nothing of what was typed before", async () => {
  const seen = answering(({ variables }) => found(row("1", variables["search"] === "" ? "Recently Updated" : "Found Patient")));
  const open = vi.fn();
  draw(<Search onOpen={open} />);
  await screen.findByText("Recently Updated");

  await userEvent.type(screen.getByRole("combobox"), "fou{Enter}");

  expect(open).not.toHaveBeenCalled();
  await screen.findByText("Found Patient");
  expect(seen.asked.map((asked) => asked.variables["search"])).toEqual(["", "fou"]);
});

test("nobody found, and could not search, are told apart", async () => {
  answering(({ variables }) => (variables["search"] === "zzz" ? found() : new HttpResponse(null, { status: 500 })));
  draw(<Search onOpen={vi.fn()} />);

  expect((await screen.findByRole("alert")).textContent).toContain("The search could not be completed");
  await userEvent.type(screen.getByRole("combobox"), "zzz");
  expect(await screen.findByText("No patient matches “zzz”")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
});
