import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { complete, platformOf } from "./complete-lock.mjs";

test("the lock names the packages of every platform, so that npm ci works from an empty folder", () => {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));

  assert.deepEqual(Object.keys(complete(lock).packages), Object.keys(lock.packages).toSorted());
});

test("a package's platform is read from its name", () => {
  assert.deepEqual(platformOf("@oxlint/binding-linux-x64-musl"), { os: ["linux"], cpu: ["x64"], libc: ["musl"] });
  assert.deepEqual(platformOf("@tailwindcss/oxide-wasm32-wasi"), { cpu: ["wasm32"] });
  assert.deepEqual(platformOf("react"), {});
});
