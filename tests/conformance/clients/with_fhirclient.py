"""The SMART team's Python client, unmodified: `python with_fhirclient.py`, where and who as JSON on stdin, the steps done on stdout."""

from __future__ import annotations

import json
import sys

import requests
from fhirclient import client
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException

given = json.load(sys.stdin)
done: list[str] = []

answer = requests.post(
    given["token_url"],
    {"grant_type": "client_credentials", "client_id": given["client_id"], "client_secret": given["secret"]},
    timeout=30,
)
answer.raise_for_status()
smart = client.FHIRClient(settings={"app_id": given["client_id"], "api_base": given["base"] + "/"})
smart.server.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
assert smart.prepare()
assert smart.server.capabilityStatement.fhirVersion == "4.0.1"
done.append("token")

child = Patient.read(given["patient"], smart.server)
assert (child.name[0].family, child.birthDate.isostring[:4]) == (given["family"], given["born"])
done.append("read")

made = Patient({"name": [{"family": "Fhirclient", "given": ["Una"]}], "gender": "female", "birthDate": "1970-03-30"})
made.update_with_json(made.create(smart.server))
assert made.meta.versionId == "1"
done.append("create")

pages = Observation.where({"patient": given["patient"], "category": "vital-signs", "_count": "10"}).perform_iter(smart.server)
sizes = [len(page.entry) for page in pages if page.entry]
found = list(Observation.where({"patient": given["patient"], "category": "vital-signs"}).perform_resources_iter(smart.server))
assert len(sizes) > 2
assert sum(sizes) == len({one.id for one in found}) == given["vitals"]
done.append("search")

made.gender = "other"
smart.server.session.headers["If-Match"] = 'W/"1"'
made.update_with_json(made.update(smart.server))
assert (made.meta.versionId, made.gender) == ("2", "other")
try:
    made.update(smart.server)
    raise AssertionError("an update of a version that is no longer current went through")
except requests.HTTPError as refused:
    assert refused.response.status_code == 412, refused
del smart.server.session.headers["If-Match"]
done.append("update")

entries = [
    {"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Patient", "name": [{"family": "Transacted"}]}},
    {"request": {"method": "GET", "url": f"Patient/{given['patient']}"}},
]
answered = Bundle({"type": "transaction", "entry": entries}).create(smart.server)
assert [one["response"]["status"][:3] for one in answered["entry"]] == ["201", "200"]
done.append("transaction")

everything = Bundle(smart.server.request_json(f"Patient/{given['patient']}/$everything"))
assert "Patient" in {one.resource.resource_type for one in everything.entry}
done.append("operation")

made.delete(smart.server)
try:
    Patient.read(made.id, smart.server)
    raise AssertionError("a deleted patient was read")
except (FHIRNotFoundException, requests.HTTPError) as gone:
    assert getattr(gone.response, "status_code", 0) in (404, 410)
done.append("delete")

print(json.dumps(done))
