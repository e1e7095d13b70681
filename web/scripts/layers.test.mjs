import assert from "node:assert/strict";
import { test } from "node:test";

import { breaches, modulesOf } from "./layers.mjs";

const house = [
  { path: "src/app/pages/Page.tsx", text: 'import { A } from "../../features/a/index.ts";\nexport const Page = () => <A />;' },
  { path: "src/features/a/index.ts", text: 'export { A } from "./A.tsx";' },
  { path: "src/features/a/A.tsx", text: 'import { name } from "../../fhir/names.ts";\nexport const A = () => <b>{name}</b>;' },
  { path: "src/features/b/index.ts", text: "export const b = 1;" },
  { path: "src/fhir/names.ts", text: 'import { cx } from "../ui/cx.ts";\nexport const name = cx;' },
  { path: "src/ui/cx.ts", text: "export const cx = 1;" },
];

/** The house with one line more in one of its modules. */
function planted(path, line) {
  return house.map((module) => (module.path === path ? { path, text: `${line}\n${module.text}` } : module));
}

test("the app keeps to its layers", async () => {
  const modules = modulesOf();

  assert.ok(modules.length > 50);
  assert.deepEqual(await breaches(modules), []);
});

test("a house in order has no breach", async () => {
  assert.deepEqual(await breaches(house), []);
});

for (const [rule, path, line] of [
  ["ui-knows-nothing-above", "src/ui/cx.ts", 'import type { name } from "../fhir/names.ts";'],
  ["fhir-knows-no-feature", "src/fhir/names.ts", 'import { b } from "../features/b/index.ts";'],
  ["features-know-no-app", "src/features/b/index.ts", 'import type { Page } from "../../app/pages/Page.tsx";'],
  ["features-are-strangers", "src/features/a/A.tsx", 'import { b } from "../b/index.ts";'],
  ["features-through-their-index", "src/app/pages/Page.tsx", 'const A2 = import("../../features/a/A.tsx");'],
  ["no-circles", "src/ui/cx.ts", 'export * from "./cx.ts";\nimport "../ui/circle.ts";'],
]) {
  test(`a planted breach of ${rule} goes red`, async () => {
    const modules = rule === "no-circles" ? [...planted(path, line), { path: "src/ui/circle.ts", text: 'import "./cx.ts";' }] : planted(path, line);

    const found = await breaches(modules);

    assert.ok(found.map((breach) => breach.split(":")[0]).includes(rule), found.join("\n"));
  });
}
