"""How far a search over HTTP reaches: compartments, several types, chains, forms, links in both directions, and what is said of limits."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
import pytest

from tests.conformance.conftest import Client, Clinic

FORM = "application/x-www-form-urlencoded"


@dataclass
class Chart:
    """One patient's records."""

    name: str
    patient: str
    encounter: str
    doctor: str
    readings: list[str]


def links(bundle):
    return {link["relation"]: link["url"] for link in bundle["link"]}


def names(bundle):
    found = [one["resource"] for one in bundle.get("entry", []) if one["search"]["mode"] == "match"]
    return [f"{resource['resourceType']}/{resource['id']}" for resource in found]


def notes(bundle):
    return [
        issue["diagnostics"] for one in bundle.get("entry", []) if one["search"]["mode"] == "outcome" for issue in one["resource"]["issue"]
    ]


@pytest.fixture
async def chart(alpha: Client) -> Chart:
    name = alpha.unique("Chart")
    doctor = await alpha.made({"resourceType": "Practitioner", "name": [{"family": f"Dr{name}"}]})
    person = await alpha.made(
        {"resourceType": "Patient", "name": [{"family": name}], "generalPractitioner": [{"reference": f"Practitioner/{doctor['id']}"}]}
    )
    subject = {"subject": {"reference": f"Patient/{person['id']}"}}
    stay = await alpha.made(
        {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, **subject,
         "participant": [{"individual": {"reference": f"Practitioner/{doctor['id']}"}}]}
    )  # fmt: skip
    readings = []
    for number in range(5):
        body = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"code": f"c{number % 2}"}]}, **subject,
                "effectiveDateTime": f"2020-01-0{number + 1}", "encounter": {"reference": f"Encounter/{stay['id']}"}}  # fmt: skip
        readings.append((await alpha.made(body))["id"])
    await alpha.made({"resourceType": "Condition", "code": {"text": "x"}, **subject})
    return Chart(name, person["id"], stay["id"], doctor["id"], readings)


async def good(answer: httpx.Response) -> dict:
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_compartment_is_searched_by_get_and_by_form(alpha, chart):
    url = f"Patient/{chart.patient}/Observation"
    whole = await good(await alpha.get(f"{url}?_sort=date"))
    assert names(whole) == [f"Observation/{one}" for one in chart.readings]
    assert links(whole)["self"] == f"{alpha.base}/{url}?_sort=date"

    some = await good(await alpha.get(f"{url}?code=c0&_sort=-date&_count=2"))
    form = await good(await alpha.ask("POST", f"{url}/_search", b"code=c0&_sort=-date&_count=2", content_type=FORM))
    also = await good(await alpha.get(f"{url}/_search?code=c0&_sort=-date&_count=2"))
    assert names(some) == names(form) == names(also) == [f"Observation/{chart.readings[at]}" for at in (4, 2)]
    rest = await good(await alpha.http.get(links(form)["next"]))
    assert names(rest) == [f"Observation/{chart.readings[0]}"]
    assert "code" not in links(form)["next"]
    assert links(form)["self"] == f"{alpha.base}/{url}"


async def test_every_compartment_holds_what_its_definition_says(alpha, chart):
    assert len(names(await good(await alpha.get(f"Encounter/{chart.encounter}/Observation")))) == 5
    assert names(await good(await alpha.get(f"Practitioner/{chart.doctor}/Encounter"))) == [f"Encounter/{chart.encounter}"]
    assert names(await good(await alpha.get(f"Practitioner/{chart.doctor}/Patient"))) == [f"Patient/{chart.patient}"]
    assert names(await good(await alpha.get(f"Patient/{chart.patient}/Patient"))) == [f"Patient/{chart.patient}"]
    for kind in ("Device", "RelatedPerson"):
        assert names(await good(await alpha.get(f"{kind}/nobody/Observation"))) == []
    everything = await good(await alpha.get(f"Patient/{chart.patient}/*?_count=3"))
    seen = names(everything)
    while "next" in links(everything):
        everything = await good(await alpha.http.get(links(everything)["next"]))
        seen += names(everything)
    assert len(seen) == len(set(seen)) == 8
    assert {name.partition("/")[0] for name in seen} == {"Patient", "Encounter", "Observation", "Condition"}
    some = await good(await alpha.get(f"Patient/{chart.patient}/*?_type=Condition,Encounter"))
    assert {name.partition("/")[0] for name in names(some)} == {"Encounter", "Condition"}


async def test_what_is_no_compartment_search_is_refused(alpha, beta, refused, chart):
    await refused(404, "GET", f"Patient/{chart.patient}/Location")
    await refused(404, "GET", f"Organization/{chart.patient}/Patient")
    await refused(404, "GET", f"Patient/{chart.patient}/Nothing")
    await refused(400, "GET", f"Patient/{chart.patient}/Observation?nothing=1")
    await refused(400, "GET", f"Patient/{chart.patient}/*?code=x")
    await refused(405, "POST", f"Patient/{chart.patient}/Observation", {"resourceType": "Observation"})
    assert names(await good(await beta.get(f"Patient/{chart.patient}/Observation"))) == []
    assert names(await good(await beta.get(f"Patient/{chart.patient}/*"))) == []


async def test_several_types_at_the_base_by_get_and_by_form(alpha, chart, refused):
    asked = f"_id={chart.patient},{chart.encounter},{chart.readings[0]}"
    plain = await good(await alpha.get(f"?_type=Patient,Encounter&{asked}&_sort=_id"))
    assert sorted(names(plain)) == sorted([f"Patient/{chart.patient}", f"Encounter/{chart.encounter}"])
    assert names(await good(await alpha.get(f"_search?_type=Patient,Encounter&{asked}&_sort=_id"))) == names(plain)
    form = await good(await alpha.ask("POST", "_search", f"_type=Patient,Encounter&{asked}&_sort=_id&_count=1".encode(), content_type=FORM))
    rest = await good(await alpha.http.get(links(form)["next"]))
    assert names(form) + names(rest) == names(plain)
    assert chart.patient not in links(form)["self"] + links(form)["next"]
    assert len(names(await good(await alpha.get(f"?{asked}")))) == 3
    await refused(400, "GET", "?_type=Patient,Nothing")
    await refused(400, "GET", "?_type=Patient,Encounter&family=x")
    await refused(400, "GET", "?nothing=x")
    back = await good(await alpha.http.get(links(rest)["prev"]))
    assert names(back) == names(form)
    assert names(await good(await alpha.http.get(links(rest)["first"]))) == names(form)


async def test_links_lead_back_as_they_led_on(alpha, chart):
    bundle = await good(await alpha.get(f"Observation?patient={chart.patient}&_sort=code,date&_count=2"))
    pages = [names(bundle)]
    assert set(links(bundle)) == {"self", "next"}
    while "next" in links(bundle):
        bundle = await good(await alpha.http.get(links(bundle)["next"]))
        pages.append(names(bundle))
    back = [names(bundle)]
    while "prev" in links(bundle):
        bundle = await good(await alpha.http.get(links(bundle)["prev"]))
        back.append(names(bundle))
    assert [len(page) for page in pages] == [2, 2, 1]
    assert back == pages[::-1]


async def test_chains_by_get_and_by_form_and_what_is_said_of_them(clinic: Clinic, alpha, refused, chart):
    for asked in (f"patient.name={chart.name}", f"subject:Patient.general-practitioner:Practitioner.name=Dr{chart.name}"):
        assert len(names(await good(await alpha.get(f"Observation?{asked}")))) == 5, asked
        assert len(names(await good(await alpha.ask("POST", "Observation/_search", asked.encode(), content_type=FORM)))) == 5
    has = f"Patient?_has:Observation:patient:code=c1&family={chart.name}"
    assert names(await good(await alpha.get(has))) == [f"Patient/{chart.patient}"]
    chosen = f"Observation?_filter=patient.name eq {chart.name} and (code eq c1 or date lt 2020-01-02)"
    assert len(names(await good(await alpha.get(chosen.replace(" ", "%20"))))) == 3

    for unknown in ("patient.nmae=x", "_has:Observation:patient:coed=x", "_filter=nmae%20eq%20x", "subject.nothing=x"):
        kind = "Patient" if unknown.startswith("_has") else "Observation"
        await refused(400, "GET", f"{kind}?{unknown}")
        await refused(400, "GET", f"{kind}?{unknown}", prefer="handling=strict")
        lenient = await good(await alpha.get(f"{kind}?{unknown}&_count=1", prefer="handling=lenient"))
        assert any("ignored" in note for note in notes(lenient)), unknown
    await refused(400, "GET", "Organization?partof.partof.partof.partof.partof.partof.name=x")

    async with httpx.AsyncClient(headers={"authorization": "Bearer alpha/front.desk"}) as clerk:
        url = f"{alpha.base}/{has}"
        hidden = await good(await clerk.get(url))
        assert names(hidden) == []
        assert any("Observation" in note for note in notes(hidden))
        absent = await good(await clerk.get(url.replace("=c1", "=nothing")))
        assert notes(absent) == notes(hidden)
        assert (await clerk.get(f"{alpha.base}/Patient/{chart.patient}/Observation")).status_code == 403
        everything = await good(await clerk.get(f"{alpha.base}/Patient/{chart.patient}/*"))
        assert names(everything) == [f"Patient/{chart.patient}"]


async def test_limits_are_said_in_the_bundle(alpha, chart, refused):
    assert notes(await good(await alpha.get(f"Observation?patient={chart.patient}&_count=99999"))) == [
        "A page holds at most 1000 records, so _count was taken as 1000"
    ]
    for twice in ("_count=1&_count=2", "_sort=date&_sort=code", "_total=none&_total=accurate", "_summary=true&_summary=count"):
        await refused(400, "GET", f"Observation?{twice}")
    counted = await good(await alpha.get(f"Observation?patient={chart.patient}&_total=estimate&_count=1"))
    assert counted["total"] == 5
    assert "total" not in await good(await alpha.get(f"Observation?patient={chart.patient}&_total=none"))


@pytest.mark.parametrize("summary", ["true", "text", "data", "false"])
async def test_every_summary_pages_and_counts(alpha, chart, summary):
    bundle = await good(await alpha.get(f"Observation?patient={chart.patient}&_summary={summary}&_count=3&_sort=date&_total=accurate"))
    rest = await good(await alpha.http.get(links(bundle)["next"]))

    assert bundle["total"] == 5
    assert names(bundle) + names(rest) == [f"Observation/{one}" for one in chart.readings]
    for one in [*bundle["entry"], *rest["entry"]]:
        tags = [tag["code"] for tag in one["resource"].get("meta", {}).get("tag", [])]
        assert ("SUBSETTED" in tags) == (summary != "false")


@pytest.mark.parametrize("asked", ["_summary=count", "_count=0", "_summary=count&_elements=status", "_count=0&_total=accurate"])
async def test_a_count_has_no_entries_and_no_links(alpha, chart, asked):
    bundle = await good(await alpha.get(f"Observation?patient={chart.patient}&{asked}"))

    assert bundle["total"] == 5
    assert "entry" not in bundle
    assert set(links(bundle)) == {"self"}
