/**
 * Holds the layers of web/src with dependency-cruiser. It reads TypeScript only with a compiler API that TypeScript 7 no
 * longer has, so it is shown a shadow of the tree: the same files with nothing in them but what they import, types too.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

import { cruise } from "dependency-cruiser";
import { parseSync } from "rolldown/experimental";

const WEB = fileURLToPath(new URL("..", import.meta.url));
const rules = createRequire(import.meta.url)("../.dependency-cruiser.cjs");

/** Path and text of every module under src, tests apart. */
export function modulesOf(folder = join(WEB, "src")) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(WEB, path), text: readFileSync(path, "utf8") }));
}

/** What a module imports and exports on, as bare import statements. */
function importsOf({ path, text }) {
  const { module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const fixed = module.staticImports.map((one) => one.moduleRequest.value);
  const passedOn = module.staticExports.flatMap((one) => one.entries).flatMap((entry) => (entry.moduleRequest ? [entry.moduleRequest.value] : []));
  const later = module.dynamicImports.map((one) => text.slice(one.moduleRequest.start, one.moduleRequest.end).replace(/^["'`]|["'`]$/g, ""));
  return [...new Set([...fixed, ...passedOn, ...later])].filter((target) => target.startsWith(".") && !target.endsWith(".css"));
}

/** Every breach of a rule, as "rule: from → to". */
export async function breaches(modules) {
  const shadow = mkdtempSync(join(tmpdir(), "osler-layers-"));
  try {
    for (const module of modules) {
      const place = join(shadow, module.path.replace(/\.tsx?$/, ".js"));
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, importsOf(module).map((target) => `import ${JSON.stringify(target.replace(/\.tsx?$/, ".js"))};\n`).join(""));
    }
    const { output } = await cruise(["src"], { ...rules.options, ruleSet: { forbidden: rules.forbidden }, validate: true, baseDir: shadow });
    return output.summary.violations.map((one) => `${one.rule.name}: ${one.from} → ${one.to}`);
  } finally {
    rmSync(shadow, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const modules = modulesOf();
  const found = await breaches(modules);
  for (const breach of found) process.stderr.write(`${breach}\n`);
  process.stdout.write(`${modules.length} modules, ${found.length} breaches of the layers\n`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
