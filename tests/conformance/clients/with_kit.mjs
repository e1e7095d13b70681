// Vermonster's JavaScript client, unmodified: `node with_kit.mjs`, where and who as JSON on stdin, the steps done on stdout.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

// The package is installed with the web app's.
const home = new URL("../../../web/node_modules/fhir-kit-client/", import.meta.url);
const entrance = JSON.parse(readFileSync(new URL("package.json", home), "utf8")).exports["."].import;
const { Client } = await import(new URL(entrance, home));

const given = JSON.parse(readFileSync(0, "utf8"));
const done = [];
const client = new Client({ baseUrl: given.base });

const answer = await fetch(given.token_url, {
  method: "POST",
  body: new URLSearchParams({ grant_type: "client_credentials", client_id: given.client_id, client_secret: given.secret }),
});
client.bearerToken = (await answer.json()).access_token;
assert.equal((await client.capabilityStatement()).fhirVersion, "4.0.1");
done.push("token");

const child = await client.read({ resourceType: "Patient", id: given.patient });
assert.equal(child.name[0].family, given.family);
done.push("read");

const made = await client.create({ resourceType: "Patient", body: { resourceType: "Patient", name: [{ family: "Kit" }], gender: "female" } });
assert.equal(made.meta.versionId, "1");
done.push("create");

const ids = new Set();
let pages = 0;
let page = await client.search({ resourceType: "Observation", searchParams: { patient: given.patient, category: "vital-signs", _count: 10 } });
while (page) {
  pages += 1;
  for (const entry of page.entry ?? []) ids.add(entry.resource.id);
  page = await client.nextPage({ bundle: page });
}
assert.equal(ids.size, given.vitals);
assert.ok(pages > 2);
const posted = await client.search({ resourceType: "Patient", searchParams: { _id: given.patient, _revinclude: "Provenance:target" }, options: { postSearch: true } });
assert.ok(posted.entry.some((entry) => entry.resource.resourceType === "Provenance"));
const inside = await client.search({ resourceType: "Condition", compartment: { resourceType: "Patient", id: given.patient } });
assert.ok(inside.entry.length > 0);
done.push("search");

const body = { ...made, gender: "other" };
const current = { headers: { "If-Match": 'W/"1"' } };
const updated = await client.update({ resourceType: "Patient", id: made.id, body, options: current });
assert.deepEqual([updated.meta.versionId, updated.gender], ["2", "other"]);
await assert.rejects(client.update({ resourceType: "Patient", id: made.id, body, options: current }), (failure) => failure.response.status === 412);
const patched = await client.patch({ resourceType: "Patient", id: made.id, jsonPatch: [{ op: "add", path: "/active", value: true }] });
assert.equal(patched.active, true);
const before = await client.vread({ resourceType: "Patient", id: made.id, version: "1" });
assert.equal(before.gender, "female");
const history = await client.history({ resourceType: "Patient", id: made.id });
assert.equal(history.entry.length, 3);
done.push("update");

const entry = [
  { request: { method: "POST", url: "Patient" }, resource: { resourceType: "Patient", name: [{ family: "Transacted" }] } },
  { request: { method: "GET", url: `Patient/${given.patient}` } },
];
const answered = await client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry } });
assert.deepEqual(answered.entry.map((one) => one.response.status.slice(0, 3)), ["201", "200"]);
done.push("transaction");

const everything = await client.operation({ name: "everything", resourceType: "Patient", id: given.patient, method: "GET" });
assert.ok(everything.entry.some((one) => one.resource.resourceType === "Patient"));
const outcome = await client.operation({ name: "validate", resourceType: "Patient", input: child });
assert.equal(outcome.resourceType, "OperationOutcome");
done.push("operation");

await client.delete({ resourceType: "Patient", id: made.id });
await assert.rejects(client.read({ resourceType: "Patient", id: made.id }), (failure) => [404, 410].includes(failure.response.status));
done.push("delete");

process.stdout.write(`${JSON.stringify(done)}\n`);
