import { useState, type ReactNode } from "react";

import { AllergyBanner } from "../../features/allergies/index.ts";
import { Contacts, Demographics, IdentityBar } from "../../features/identity/index.ts";
import { ImmunizationsTab } from "../../features/immunizations/index.ts";
import { MedicationLines, MedicationsTab, type MedicationFilter } from "../../features/medications/index.ts";
import { ProblemLines, ProblemsTab, type ProblemFilter } from "../../features/problems/index.ts";
import { TrendLines } from "../../features/results/index.ts";
import {
  allergyRecord, makeAllergy, makeImmunization, makeMedication, makeNoKnownAllergy, makePatient, makeProblem, makeTrend,
} from "../../testing/records.ts";
import { Badge, Keys } from "../../ui/Badge.tsx";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Field } from "../../ui/Field.tsx";
import { EmptyState, FailedState, ForbiddenState, Skeleton } from "../../ui/PanelStates.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Sparkline } from "../../ui/Sparkline.tsx";
import type { Tone } from "../../ui/tone.ts";
import { TrendGraph } from "../../ui/TrendGraph.tsx";

const TONES: Tone[] = ["neutral", "accent", "critical", "warning", "ok", "info", "sensitive"];
const nothing = () => undefined;
const severe = { severity: "severe", manifestation: [{ text: "Anaphylaxis", coding: [] }] };
const many = ["Penicillin G", "Sulfamethoxazole", "Aspirin", "Codeine", "Latex"].map((name) => makeAllergy(name, { reaction: [severe], criticality: "high" }));
const food = makeAllergy("Peanut", { category: ["food"] });
const unknownKind = makeAllergy("Shellfish extract", { category: [] });
const long = Array.from({ length: 500 }, (_, index) => makeMedication(`medication number ${index + 1} 10 MG Oral Tablet`, { id: String(index) }));

/** Every component in every state it has, for the eye and for the tests. Made-up records only; it asks the server nothing. */
export function KitPage() {
  return (
    <main className="mx-auto flex max-w-[75rem] flex-col gap-6 p-6">
      <h1 className="text-page">Kit</h1>
      <Foundations />
      <States />
      <AllergyStates />
      <Lists />
    </main>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="flex flex-col gap-3">
      <h2 className="border-b pb-1 text-section">{title}</h2>
      {children}
    </section>
  );
}

function Foundations() {
  const [choice, setChoice] = useState("one");
  return (
    <Part title="Buttons, badges, fields">
      <div className="flex flex-wrap items-center gap-2">
        <Button kind="primary">Sign</Button>
        <Button>Cancel order</Button>
        <Button kind="quiet">More</Button>
        <Button disabled>Not now</Button>
        {TONES.map((tone) => (
          <Badge key={tone} tone={tone}>
            {tone}
          </Badge>
        ))}
        <Keys keys={["Ctrl", "K"]} />
      </div>
      <div className="grid max-w-xl grid-cols-2 gap-4">
        <Field label="User name" defaultValue="physician" />
        <Field label="Password" error="Enter your password" />
      </div>
      <SegmentedControl label="Choice" value={choice} onChange={setChoice} options={[{ value: "one", label: "One", count: "12" }, { value: "two", label: "Two" }]} />
      <div className="flex flex-wrap items-center gap-4">
        <Sparkline values={[95, 118, 153]} low={70} high={99} summary="Glucose 153, rising over 6 months, high" />
        <Sparkline values={[5]} summary="one value" />
        <Sparkline values={[3, 3, 3]} summary="steady" />
      </div>
      <div className="max-w-xl rounded border bg-surface p-2">
        <TrendGraph
          points={[95, 118, 153, 120].map((value, index) => ({ time: index * 86_400_000, value, label: String(value) }))}
          low={70}
          high={99}
          summary="Glucose through time"
          formatValue={String}
          formatTime={(time) => `day ${time / 86_400_000}`}
        />
      </div>
    </Part>
  );
}

function States() {
  return (
    <Part title="Banners and states">
      {TONES.map((tone) => (
        <Banner key={tone} tone={tone} title={`A ${tone} banner`}>
          With a sentence that says what to do.
        </Banner>
      ))}
      <div className="grid grid-cols-1 gap-3 md:grid-cols-2">
        <Card title="Loading">
          <Skeleton />
        </Card>
        <Card title="Empty">
          <EmptyState title="No problems recorded">Nobody has recorded a problem for this patient.</EmptyState>
        </Card>
        <Card title="Failed">
          <FailedState title="Problems could not be loaded" reference="a1b2c3" onRetry={nothing} />
        </Card>
        <Card title="Forbidden">
          <ForbiddenState />
        </Card>
      </div>
    </Part>
  );
}

function AllergyStates() {
  const states: [string, Parameters<typeof AllergyBanner>[0]["panel"]][] = [
    ["Drug and food", { state: "ready", data: allergyRecord([...many, food, unknownKind]) }],
    ["Food only", { state: "ready", data: allergyRecord([food]) }],
    ["None known, dated", { state: "ready", data: allergyRecord([], { status: "NO_KNOWN_ALLERGIES", none: [makeNoKnownAllergy("2026-03-02")] }) }],
    ["Not recorded", { state: "ready", data: allergyRecord([]) }],
    ["Could not load", { state: "failed", reference: "a1b2c3" }],
    ["Loading", { state: "loading" }],
  ];
  return (
    <Part title="Allergy banner">
      <div className="grid grid-cols-1 items-start gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {states.map(([name, panel]) => (
          <div key={name} role="group" aria-label={name}>
            <p className="m-0 mb-1 text-label text-muted">{name}</p>
            <AllergyBanner panel={panel} onRetry={nothing} />
          </div>
        ))}
      </div>
    </Part>
  );
}

function Lists() {
  const [medications, setMedications] = useState<MedicationFilter>("active");
  const [problems, setProblems] = useState<ProblemFilter>("active");
  const box = "flex h-64 flex-col border bg-surface";
  return (
    <Part title="Patient and lists">
      <IdentityBarInKit />
      <div className="grid grid-cols-1 items-start gap-3 md:grid-cols-3">
        <Demographics patient={makePatient()} />
        <Contacts patient={makePatient({ contact: [] })} />
        <Card title="Recent results">
          <TrendLines panel={{ state: "ready", data: [makeTrend("2345-7", "Glucose [Mass/volume] in Blood", ["95", "118", "153"], { interpretation: "HH" })] }} category="laboratory" max={6} onRetry={nothing} />
        </Card>
        <Card title="Active medications">
          <MedicationLines panel={{ state: "ready", data: long }} max={2} onRetry={nothing} />
        </Card>
        <Card title="Active problems">
          <ProblemLines panel={{ state: "failed", reference: "a1b2c3" }} max={6} onRetry={nothing} />
        </Card>
      </div>
      <div className={box}>
        <MedicationsTab panel={{ state: "ready", data: long }} filter={medications} onFilter={setMedications} onRetry={nothing} />
      </div>
      <div className={box}>
        <ProblemsTab panel={{ state: "ready", data: [makeProblem("Type 2 diabetes mellitus")] }} filter={problems} onFilter={setProblems} onRetry={nothing} />
      </div>
      <div className={box}>
        <ImmunizationsTab panel={{ state: "ready", data: [makeImmunization("Influenza, seasonal"), makeImmunization("MMR", { status: "not-done" })] }} onRetry={nothing} />
      </div>
    </Part>
  );
}

/** On a chart the bar carries the h1; here the page has one already. */
function IdentityBarInKit() {
  return (
    <div role="group" aria-label="Identity bar">
      <IdentityBar patient={makePatient({ name: [{ use: "official", text: "Maria Garcia Lopez", family: "Garcia", given: ["Maria"], prefix: [], suffix: [] }] })} level={2} />
    </div>
  );
}
