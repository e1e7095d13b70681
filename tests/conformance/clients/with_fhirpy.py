"""Beda's Python client, unmodified: `python with_fhirpy.py`, where and who as JSON on stdin, the steps done on stdout."""

from __future__ import annotations

import json
import sys

import requests
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound

given = json.load(sys.stdin)
done: list[str] = []

answer = requests.post(
    given["token_url"],
    {"grant_type": "client_credentials"},
    auth=(given["client_id"], given["secret"]),
    timeout=30,
)
answer.raise_for_status()
bearer = f"Bearer {answer.json()['access_token']}"
client = SyncFHIRClient(given["base"], authorization=bearer)
done.append("token")

child = client.reference("Patient", given["patient"]).to_resource()
assert child.get_by_path(["name", 0, "family"]) == given["family"]
done.append("read")

made = client.resource("Patient", name=[{"family": "Fhirpy", "given": ["Una"]}], gender="female", birthDate="1970-03-30")
made.save()
assert made["meta"]["versionId"] == "1"
done.append("create")

vitals = client.resources("Observation").search(patient=given["patient"], category="vital-signs")
# Its count() sends a parameter of one vendor's, which a server may ignore only for a client that says so.
lenient = SyncFHIRClient(given["base"], authorization=bearer, extra_headers={"Prefer": "handling=lenient"})
assert lenient.resources("Observation").search(patient=given["patient"], category="vital-signs").count() == given["vitals"]
assert len({one.id for one in vitals.limit(10).fetch_all()}) == given["vitals"]
newest = vitals.sort("-date").limit(1).first()
assert newest["effectiveDateTime"] == max(one["effectiveDateTime"] for one in vitals.fetch_all())
assert client.resources("Patient").search(name=given["family"], gender__not=child["gender"]).fetch() == []
done.append("search")

made["gender"] = "other"
versioned = SyncFHIRClient(given["base"], authorization=bearer, extra_headers={"If-Match": 'W/"1"'})
updated = versioned.resource("Patient", **made.serialize())
updated.save()
assert (updated["meta"]["versionId"], updated["gender"]) == ("2", "other")
try:
    updated.save()
    raise AssertionError("an update of a version that is no longer current went through")
except MultipleResourcesFound as refused:  # what this client makes of every 412
    assert "conflict" in str(refused)
made.refresh()
assert (made["gender"], made["meta"]["versionId"]) == ("other", "2")
done.append("update")

entries = [
    {"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Patient", "name": [{"family": "Transacted"}]}},
    {"request": {"method": "GET", "url": f"Patient/{given['patient']}"}},
]
answered = client.resource("Bundle", type="transaction", entry=entries)
answered.save()
assert [one["response"]["status"][:3] for one in answered["entry"]] == ["201", "200"]
done.append("transaction")

everything = child.execute("$everything", method="get")
assert "Patient" in {one["resource"]["resourceType"] for one in everything["entry"]}
assert child.is_valid(raise_exception=True)
done.append("operation")

made.delete()
try:
    client.reference("Patient", made.id).to_resource()
    raise AssertionError("a deleted patient was read")
except (ResourceNotFound, OperationOutcome):
    done.append("delete")

print(json.dumps(done))
