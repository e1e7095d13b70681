/** Starts Chromium and an Osler to test, and what every browser test does with them. */
import { spawn, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const PASSWORD = "osler-demo-2026!";
export const SCREENSHOTS = process.env.OSLER_SCREENSHOTS;

/** The Chromium of this machine: CHROMIUM, or the first on the PATH. */
function chromiumPath() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  for (const name of ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]) {
    try {
      return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
    } catch (absent) {
      if (absent.status !== 127 && absent.status !== 1) throw absent;
    }
  }
  throw new Error("No Chromium: set CHROMIUM to its path");
}

export function launch() {
  return chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

/** The Osler at OSLER_URL; without one, a demo server of our own on a free port with a data folder that goes away with it. */
export async function startOsler() {
  if (process.env.OSLER_URL) return { url: process.env.OSLER_URL.replace(/\/$/, ""), stop: async () => undefined };
  const data = mkdtempSync(join(tmpdir(), "osler-e2e-"));
  const server = spawn(process.env.OSLER ?? "osler", ["serve", "--demo", "--port", "0", "--data", data], {
    cwd: REPOSITORY,
    env: { ...process.env, OSLER_DATA: data, OSLER_DEMO_PATIENTS: process.env.OSLER_DEMO_PATIENTS ?? "20" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const url = await new Promise((resolve, reject) => {
    let said = "";
    const listen = (chunk) => {
      said += chunk;
      const ready = /ready at (http:\/\/[\w.:[\]-]+?)\.?\s/.exec(said);
      if (ready) resolve(ready[1]);
    };
    server.stdout.on("data", listen);
    server.stderr.on("data", listen);
    server.on("error", reject);
    server.on("exit", (code) => reject(new Error(`osler serve ended with ${code}:\n${said}`)));
  });
  return {
    url,
    stop: async () => {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGINT");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** A window of its own, with its own cookies. Everything the page complains about fails the test that looks at `problems`. */
export async function openWindow(browser, { width = 1440, height = 900, theme = "light" } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: "reduce" });
  context.setDefaultTimeout(15_000);
  return context;
}

export async function openPage(context) {
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => {
    const expected = /status of 401/.test(message.text());
    if (message.type() === "error" && !expected) page.problems.push(message.text());
  });
  return page;
}

export async function signIn(page, url, user = "physician") {
  await page.goto(`${url}/demo/app/`);
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Patients" }).waitFor();
}

/** Asks the app API with the session of this window. */
export function ask(page, url, query, variables = {}) {
  return page.evaluate(
    async ([address, body]) => {
      const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json", "X-Osler-Request": "1" }, body });
      return (await answer.json()).data;
    },
    [`${url}/demo/graphql`, JSON.stringify({ query, variables })],
  );
}

/** The patients of the demo with the number of their results, the one with most first. */
export async function patientsByResults(page, url) {
  const { patients } = await ask(page, url, 'query { patients(search: "", first: 100) { items { id name birthDate mrn } } }');
  const counted = [];
  for (const patient of patients.items) {
    const { chart } = await ask(page, url, "query($p: ID!) { chart(patient: $p) { results(first: 1) { total } encounters(first: 1) { total } } }", { p: patient.id });
    counted.push({ ...patient, results: chart.results.total, encounters: chart.encounters.total });
  }
  return counted.toSorted((a, b) => b.results - a.results);
}

/** What axe finds wrong by WCAG A and AA up to 2.2, one line each. */
export async function axe(page) {
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const found = await globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] });
    return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} — ${node.failureSummary}`).join(" | ")}`);
  });
  return violations;
}

export async function screenshot(page, name) {
  if (!SCREENSHOTS) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}
