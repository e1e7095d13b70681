// Completes package-lock.json after `npm install`: a registry mirror may lack the packages of other platforms, npm then leaves them out of
// the lock, and `npm ci` refuses such a lock. Each is added by name and version with the platform that its name tells, so that npm passes it over
// everywhere else. Run it with: node scripts/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const SYSTEMS = ["android", "darwin", "freebsd", "linux", "win32", "openharmony", "netbsd", "openbsd", "sunos", "aix"];
const PROCESSORS = ["arm64", "arm", "x64", "ia32", "ppc64", "riscv64", "s390x", "loong64", "mips64el", "wasm32"];

export function platformOf(name) {
  const words = name.split("/").at(-1).split("-");
  const system = SYSTEMS.filter((one) => words.includes(one));
  const processor = PROCESSORS.filter((one) => words.includes(one));
  const musl = words.some((one) => one.startsWith("musl"));
  const gnu = words.some((one) => one.startsWith("gnu"));
  return {
    ...(system.length > 0 && { os: system }),
    ...(processor.length > 0 && { cpu: processor }),
    ...(musl && { libc: ["musl"] }),
    ...(gnu && !musl && { libc: ["glibc"] }),
  };
}

export function complete(lock) {
  const packages = { ...lock.packages };
  for (const entry of Object.values(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const place = `node_modules/${name}`;
      const platform = platformOf(name);
      // Only what names a platform is left to that platform; anything else missing from a lock is a fault to be seen.
      if (packages[place] === undefined && (platform.os ?? platform.cpu) !== undefined && /^[0-9]/.test(version)) {
        packages[place] = { version, optional: true, ...(entry.dev && { dev: true }), ...platform };
      }
    }
  }
  const sorted = Object.fromEntries(Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return { ...lock, packages: sorted };
}

if (import.meta.filename === process.argv[1]) {
  const file = new URL("../package-lock.json", import.meta.url);
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const done = complete(lock);
  writeFileSync(file, `${JSON.stringify(done, null, 2)}\n`);
  process.stdout.write(`${Object.keys(done.packages).length - Object.keys(lock.packages).length} packages of other platforms added\n`);
}
