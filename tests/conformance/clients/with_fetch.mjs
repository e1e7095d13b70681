// What Medplum's client sends, with nothing but fetch: `node with_fetch.mjs`, where and who as JSON on stdin, the steps done on stdout.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const done = [];
const JSON_TYPE = "application/fhir+json";

const granted = await fetch(given.token_url, {
  method: "POST",
  headers: {
    "content-type": "application/x-www-form-urlencoded",
    authorization: `Basic ${Buffer.from(`${given.client_id}:${given.secret}`).toString("base64")}`,
  },
  body: "grant_type=client_credentials",
});
const { access_token: token, token_type: kind } = await granted.json();
assert.equal(kind.toLowerCase(), "bearer");
assert.equal(granted.headers.get("cache-control"), "no-store");
done.push("token");

async function send(method, path, body, headers = {}) {
  const url = path.startsWith("http") ? path : `${given.base}/${path}`;
  const answer = await fetch(url, {
    method,
    headers: {
      accept: `${JSON_TYPE}, */*; q=0.1`,
      "x-medplum": "extended",
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { "content-type": headers["content-type"] ?? JSON_TYPE }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
}

const child = await send("GET", `Patient/${given.patient}`);
assert.equal(child.body.name[0].family, given.family);
const again = await send("GET", `Patient/${given.patient}`, undefined, { "if-none-match": child.headers.get("etag") });
assert.equal(again.status, 304);
done.push("read");

const family = `Medplum${Date.now()}`;
const fresh = { resourceType: "Patient", name: [{ family }], gender: "female" };
const made = await send("POST", "Patient", fresh, { "if-none-exist": `family=${family}` });
const same = await send("POST", "Patient", fresh, { "if-none-exist": `family=${family}` });
assert.deepEqual([made.status, same.status, same.body.id], [201, 200, made.body.id]);
done.push("create");

const ids = new Set();
let url = `Observation?patient=Patient/${given.patient}&category=vital-signs&_count=10&_sort=-_lastUpdated&_total=accurate`;
let total;
while (url) {
  const page = await send("GET", url);
  assert.equal(page.status, 200);
  total ??= page.body.total;
  for (const entry of page.body.entry ?? []) ids.add(entry.resource.id);
  url = page.body.link.find((link) => link.relation === "next")?.url;
}
assert.deepEqual([ids.size, total], [given.vitals, given.vitals]);
done.push("search");

const place = `Patient/${made.body.id}`;
const updated = await send("PUT", place, { ...made.body, gender: "other" }, { "if-match": 'W/"1"' });
const stale = await send("PUT", place, { ...made.body, gender: "male" }, { "if-match": 'W/"1"' });
assert.deepEqual([updated.status, updated.body.meta.versionId, stale.status], [200, "2", 412]);
const patched = await send("PATCH", place, [{ op: "test", path: "/gender", value: "other" }, { op: "add", path: "/active", value: true }], {
  "content-type": "application/json-patch+json",
});
assert.deepEqual([patched.status, patched.body.active], [200, true]);
done.push("update");

const entry = [
  { fullUrl: "urn:uuid:6b0c1b9e-5d4f-4f0e-9c55-0e2f7d1c1a11", request: { method: "POST", url: "Patient" }, resource: { resourceType: "Patient" } },
  {
    request: { method: "POST", url: "Observation" },
    resource: { resourceType: "Observation", status: "final", code: { text: "x" }, subject: { reference: "urn:uuid:6b0c1b9e-5d4f-4f0e-9c55-0e2f7d1c1a11" } },
  },
];
const answered = await send("POST", "", { resourceType: "Bundle", type: "transaction", entry });
assert.deepEqual(answered.body.entry.map((one) => one.response.status.slice(0, 3)), ["201", "201"]);
done.push("transaction");

const everything = await send("GET", `Patient/${given.patient}/$everything?_count=20`);
assert.ok(everything.body.entry.some((one) => one.resource.resourceType === "Patient"));
const drawn = await send("POST", "$graphql", { query: `{ Patient(id: "${given.patient}") { name { family } } }` }, { "content-type": "application/json" });
assert.equal(drawn.status, 200, JSON.stringify(drawn.body));
assert.equal(drawn.body.data.Patient.name[0].family, given.family);
done.push("operation");

const deleted = await send("DELETE", place);
const gone = await send("GET", place);
assert.deepEqual([[200, 204].includes(deleted.status), gone.status, gone.body.resourceType], [true, 410, "OperationOutcome"]);
done.push("delete");

process.stdout.write(`${JSON.stringify(done)}\n`);
