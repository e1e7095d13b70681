/** Every screen at three widths, light and dark: axe finds nothing, nothing is wider than the window, and there is one h1. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, axe, launch, openPage, openWindow, screenshot, signIn, startOsler } from "./browser.mjs";

const SIZES = [
  [1440, 900],
  [1024, 768],
  [390, 844],
];
const TABS = ["summary", "encounters", "problems", "medications", "allergies", "results", "results?view=all", "immunizations"];
let osler;
let browser;

before(async () => {
  browser = await launch();
  osler = await startOsler();
});
after(async () => {
  await browser?.close();
  await osler?.stop();
});

async function inspect(page, name) {
  await page.waitForFunction(() => document.querySelector(".appear-late") === null);
  await screenshot(page, name);
  assert.deepEqual(await axe(page), [], `axe on ${name}`);
  assert.equal(await page.locator("h1").count(), 1, `one h1 on ${name}`);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name} is wider than the window`);
}

for (const [width, height] of SIZES) {
  for (const theme of ["light", "dark"]) {
    test(`every screen at ${width} px, ${theme}`, async () => {
      const at = `${width}-${theme}`;
      const context = await openWindow(browser, { width, height, theme });
      const page = await openPage(context);
      await page.goto(`${osler.url}/demo/app/`);
      await page.getByText("Demo accounts").first().waitFor();
      await inspect(page, `sign-in-${at}`);
      await signIn(page, osler.url);
      await page.getByRole("option").first().waitFor();
      await inspect(page, `patients-${at}`);
      await page.getByRole("combobox", { name: "Find a patient" }).fill("zzzz");
      await page.getByText("No patient matches").waitFor();
      await inspect(page, `patients-none-${at}`);

      const { patients } = await ask(page, osler.url, 'query { patients(search: "Harold Whitfield") { items { id } } }');
      const [heavy] = patients.items;
      for (const tab of TABS) {
        await page.goto(`${osler.url}/demo/app/p/${heavy.id}/${tab}`);
        await page.locator(`h1[data-patient="${heavy.id}"]`).waitFor();
        if (tab.startsWith("results")) await page.locator('[data-complete="true"]').waitFor({ timeout: 30_000 });
        await inspect(page, `chart-${tab.replace(/\W+/g, "-")}-${at}`);
        assert.ok(await page.locator("[data-allergies]").first().isVisible(), `allergies are out of sight on ${tab} at ${width}`);
      }
      if (width >= 1280) {
        await page.goto(`${osler.url}/demo/app/p/${heavy.id}/results?analyte=2160-0`);
        await page.getByRole("dialog").waitFor();
        await inspect(page, `analyte-${at}`);
      } else {
        await page.getByRole("button", { name: "Show at a glance" }).click();
        await page.getByRole("dialog", { name: "At a glance" }).waitFor();
        await inspect(page, `glance-${at}`);
      }
      assert.deepEqual(page.problems, []);
      await context.close();
    });
  }
}

for (const theme of ["light", "dark"]) {
  test(`every component in every state, ${theme}`, async () => {
    const context = await openWindow(browser, { width: 1280, height: 3200, theme });
    const page = await openPage(context);
    await page.goto(`${osler.url}/demo/app/kit`);
    await page.getByRole("heading", { level: 1, name: "Kit" }).waitFor();

    await page.waitForTimeout(300);
    await screenshot(page, `kit-${theme}`);
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(page.problems, []);
    await context.close();
  });
}

for (const [zoom, width, height] of [
  ["200 %", 640, 450],
  ["400 %", 320, 256],
]) {
  test(`at ${zoom} zoom of a 1280 px window everything reflows`, async () => {
    const context = await openWindow(browser, { width, height });
    const page = await openPage(context);
    await signIn(page, osler.url);
    const { patients } = await ask(page, osler.url, 'query { patients(search: "Harold Whitfield") { items { id } } }');
    for (const tab of ["summary", "results"]) {
      await page.goto(`${osler.url}/demo/app/p/${patients.items[0].id}/${tab}`);
      await page.locator("h1[data-patient]").waitFor();
      await inspect(page, `zoom-${width}-${tab}`);
    }
    await context.close();
  });
}
