/** The main job in a real browser against a real server: sign in, search, open the heavy patient, switch all tabs; and what must never happen. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, axe, launch, openPage, openWindow, screenshot, signIn, startOsler } from "./browser.mjs";

const TABS = ["Summary", "Encounters", "Problems", "Medications", "Allergies", "Results", "Immunizations"];
const HEAVY = "Harold Whitfield";
const HEAVY_NAME = /Harold .*Whitfield/;
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

async function patient(page, search) {
  const { patients } = await ask(page, osler.url, "query($s: String!) { patients(search: $s) { items { id name birthDate mrn } } }", { s: search });
  assert.ok(patients.items.length > 0, `the demo has no patient ${search}`);
  return patients.items;
}

async function openChart(page, id, tab = "summary") {
  await page.goto(`${osler.url}/demo/app/p/${id}/${tab}`);
  await page.locator(`h1[data-patient="${id}"]`).waitFor();
}

async function settled(page) {
  await page.getByRole("tabpanel").waitFor();
  await page.waitForFunction(() => document.querySelector(".appear-late") === null);
}

test("sign in, search, open the heavy patient and switch all tabs", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await signIn(page, osler.url);

  await page.getByRole("combobox", { name: "Find a patient" }).fill("whitfield harold");
  await page.getByRole("option", { name: HEAVY_NAME }).click();
  await page.getByRole("heading", { level: 1, name: HEAVY_NAME }).waitFor();
  assert.equal(new URL(page.url()).pathname.split("/").at(-1), "summary");

  for (const name of TABS) {
    await page.getByRole("tab", { name }).click();
    await page.getByRole("tab", { name, selected: true }).waitFor();
    await settled(page);
    assert.equal(await page.getByRole("alert").count(), 0, `${name} shows an error`);
    await screenshot(page, `heavy-${name.toLowerCase()}`);
  }
  assert.deepEqual(page.problems, []);
  await context.close();
});

test("all 5,000 results of the heavy patient can be scrolled through, and few of them are in the document", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await signIn(page, osler.url);
  const [heavy] = await patient(page, HEAVY);

  await openChart(page, heavy.id, "results?view=all");
  await page.locator('[data-complete="true"]').waitFor({ timeout: 30_000 });

  assert.equal(await page.getByText("5,000 results").or(page.getByText("5000 results")).count(), 1);
  const table = page.getByRole("table", { name: /All results/ });
  assert.equal(await table.getAttribute("aria-rowcount"), "5001");
  const scroller = page.locator('[data-scroll^="All results"]');
  await scroller.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await page.locator('tr[aria-rowindex="5001"]').waitFor();
  assert.ok((await table.locator("tbody tr").count()) < 120, "the table is not virtual");
  await screenshot(page, "heavy-all-results-end");
  assert.deepEqual(page.problems, []);
  await context.close();
});

test("a prefetched tab is drawn with at most 100 ms of work and keeps its scroll and filters", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await signIn(page, osler.url);
  const [heavy] = await patient(page, HEAVY);
  await openChart(page, heavy.id, "results");
  await page.locator('[data-complete="true"]').waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: /^CBC/ }).click();
  await page.getByRole("button", { name: "All results" }).click();
  const scroller = page.locator('[data-scroll^="All results"]');
  // The rows may still be on their way: there is nothing to scroll before they are drawn.
  await page.waitForFunction(() => {
    const table = document.querySelector('[data-scroll^="All results"]');
    table?.scrollTo(0, 900);
    return table?.scrollTop === 900;
  });
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0))));

  // Processor time of the page, so that a busy machine does not decide the test.
  const devtools = await context.newCDPSession(page);
  await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => (await devtools.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value * 1000;
  const times = { 2: [], 3: [], 6: [] };
  for (const key of ["3", "6", "2", "6", "3", "6", "2", "6"]) {
    const start = await worked();
    await page.evaluate((digit) => {
      window.dispatchEvent(new KeyboardEvent("keydown", { key: digit }));
      return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    }, key);
    times[key].push((await worked()) - start);
    await page.locator(`[role="tab"][aria-keyshortcuts="${key}"][aria-selected="true"]`).waitFor();
  }

  assert.match(page.url(), /results\?.*view=all/);
  assert.match(page.url(), /panel=cbc/);
  assert.equal(await scroller.evaluate((element) => element.scrollTop), 900);
  for (const [key, spent] of Object.entries(times)) {
    assert.ok(Math.min(...spent) <= 100, `switching with ${key} took ${spent.map((time) => time.toFixed(0)).join(", ")} ms of work`);
  }
  await context.close();
});

test("two tabs on two patients never mix", async () => {
  const context = await openWindow(browser);
  const [one, two] = [await openPage(context), await openPage(context)];
  await signIn(one, osler.url);
  const [first, second] = (await patient(one, "Garcia")).filter((row) => row.name.startsWith("Maria"));
  assert.ok(first && second, "the demo has no pair of the same name");

  await Promise.all([openChart(one, first.id), openChart(two, second.id)]);
  for (const name of [...TABS, ...TABS.toReversed()]) {
    for (const [page, own, other] of [[one, first, second], [two, second, first]]) {
      await page.getByRole("tab", { name }).click();
      await settled(page);
      const shown = await page.locator("main").innerText();
      assert.equal(await page.locator("h1").getAttribute("data-patient"), own.id);
      assert.ok(page.url().includes(`/p/${own.id}/`));
      assert.ok(shown.includes(own.mrn) && !shown.includes(other.mrn), `${name} shows the other patient`);
    }
  }
  await Promise.all([one.reload(), two.reload()]);
  await one.locator(`h1[data-patient="${first.id}"]`).waitFor();
  await two.locator(`h1[data-patient="${second.id}"]`).waitFor();

  // Within one tab: the strip warns of the same name, and what arrives late of the one left shows nowhere.
  await openChart(one, first.id, "results");
  await openChart(one, second.id, "results");
  await one.getByText("Name alert").first().waitFor();
  assert.equal(await one.getByText("Name alert").count(), 2);
  await screenshot(one, "name-alert");
  assert.deepEqual([...one.problems, ...two.problems], []);
  await context.close();
});

test("every answer for one patient is asked for with that patient's id", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await signIn(page, osler.url);
  const [heavy] = await patient(page, HEAVY);
  const asked = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/graphql")) asked.push(JSON.parse(request.postData() ?? "{}").variables ?? {});
  });

  await openChart(page, heavy.id, "results");
  await page.locator('[data-complete="true"]').waitFor({ timeout: 30_000 });

  assert.ok(asked.length > 1);
  for (const variables of asked) assert.equal(variables.patient, heavy.id);
  await context.close();
});

test("with the keyboard alone: sign in, open a chart from anywhere, switch tabs, leave the layer on top", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await page.goto(`${osler.url}/demo/app/`);
  await page.getByLabel("User name").waitFor();
  await page.keyboard.type("nurse");
  await page.keyboard.press("Tab");
  await page.keyboard.type("osler-demo-2026!");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Patients" }).waitFor();

  await page.keyboard.type("whitfield har");
  await page.getByRole("option", { name: HEAVY_NAME }).waitFor();
  await page.locator('[role="listbox"][aria-busy="false"]').waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: HEAVY_NAME }).waitFor();
  for (const [digit, name] of [["4", "Medications"], ["6", "Results"], ["1", "Summary"]]) {
    await page.keyboard.press(digit);
    await page.getByRole("tab", { name, selected: true }).waitFor();
  }
  await page.keyboard.press("[");
  await page.getByRole("button", { name: "Show patient details" }).waitFor();
  assert.ok(await page.getByRole("group", { name: "Allergy banner" }).isVisible(), "allergies left with the panel");
  await page.keyboard.press("[");

  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").waitFor();
  await page.keyboard.type("garcia");
  await page.getByRole("dialog").getByRole("option", { name: /Garcia/ }).first().waitFor();
  await screenshot(page, "palette");
  await page.waitForFunction(() => document.querySelector('[role="dialog"] [role="option"][aria-selected="true"]')?.textContent?.includes("Garcia"));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: /Garcia/ }).waitFor();

  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("heading", { level: 1, name: "Patients" }).waitFor();
  assert.deepEqual(page.problems, []);
  await context.close();
});

test("a wrong password is refused in words, and missing fields are named beside them", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await page.goto(`${osler.url}/demo/app/`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Enter your user name").waitFor();

  await page.getByLabel("User name").fill("physician");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();

  await page.getByRole("alert").getByText("User name or password is wrong").waitFor();
  assert.deepEqual(await axe(page), []);
  await context.close();
});

test("when the session ends the person signs in again and is where they were, and nothing of the chart stays on the screen", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await signIn(page, osler.url);
  const [heavy] = await patient(page, HEAVY);
  await openChart(page, heavy.id, "medications");

  await page.getByRole("tab", { name: "Encounters" }).click();
  await page.waitForURL(/\/encounters/);
  await context.clearCookies();
  // A search always asks the server, whatever of the chart has been fetched ahead.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("zz");
  await page.getByText("Your session has ended").waitFor();
  assert.equal(await page.getByText(HEAVY_NAME).count(), 0);

  await page.getByLabel("User name").fill("physician");
  await page.getByLabel("Password", { exact: true }).fill("osler-demo-2026!");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator(`h1[data-patient="${heavy.id}"]`).waitFor();
  assert.ok(page.url().includes(`/p/${heavy.id}/encounters`));
  await context.close();
});

test("signing out in one tab empties the others", async () => {
  const context = await openWindow(browser);
  const [one, two] = [await openPage(context), await openPage(context)];
  await signIn(one, osler.url);
  const [heavy] = await patient(one, HEAVY);
  await openChart(two, heavy.id);

  await one.getByRole("button", { name: /User menu/ }).click();
  await one.getByRole("menuitem", { name: "Sign out" }).click();
  await one.getByLabel("User name").waitFor();

  await two.getByLabel("User name").waitFor();
  assert.equal(await two.getByText(HEAVY_NAME).count(), 0);
  await context.close();
});

test("a patient who does not exist is said not to exist, and a page that does not exist too", async () => {
  const context = await openWindow(browser);
  const page = await openPage(context);
  await signIn(page, osler.url);

  await page.goto(`${osler.url}/demo/app/p/nobody/summary`);
  await page.getByText("No such patient").last().waitFor();
  assert.deepEqual(await axe(page), []);
  await page.goto(`${osler.url}/demo/app/nowhere`);
  await page.getByRole("heading", { level: 1, name: "There is no such page" }).waitFor();
  await context.close();
});
