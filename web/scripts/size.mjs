/** The script a browser must have before a chart can be drawn, gzipped: at most 200 KB (ui.md §12). */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const dist = new URL("../../src/osler/web_dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(fileURLToPath(new URL(".vite/manifest.json", dist)), "utf8"));

/** A chunk and everything it imports at once; what is imported later is not part of the first load. */
function firstLoad(name, seen = new Set()) {
  const chunk = manifest[name];
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const other of chunk.imports ?? []) firstLoad(other, seen);
  return seen;
}

const files = [...firstLoad("index.html")];
const sizes = files.map((file) => [file, gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1000]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
for (const [file, size] of sizes) process.stdout.write(`${size.toFixed(1).padStart(8)} KB  ${file}\n`);
process.stdout.write(`${total.toFixed(1).padStart(8)} KB  gzipped script in the first load, of ${BUDGET_KB} KB\n`);
process.exitCode = total > BUDGET_KB ? 1 : 0;
