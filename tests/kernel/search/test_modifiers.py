"""Modifiers and special parameters: text beside codes, kinds of identifiers, words, sounds, hierarchies and distances."""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.search.conftest import ids, observation, patient, put

from osler.platform.context import Context
from osler.platform.errors import Malformed, OslerError, Unsupported

UCUM = "http://unitsofmeasure.org"


def condition(id: str, code: str, display: str = "", text: str = "", narrative: str = "") -> dict[str, Any]:  # noqa: A002
    coding = {"system": "http://snomed.info/sct", "code": code} | ({"display": display} if display else {})
    concept = {"coding": [coding]} | ({"text": text} if text else {})
    said = (
        {"text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{narrative}</p></div>'}} if narrative else {}
    )
    return {"resourceType": "Condition", "id": id, "code": concept, "subject": {"reference": "Patient/p1"}, **said}


async def test_one_gram_finds_a_thousand_milligrams(ctx: Context) -> None:
    quantity = {"value": 1000, "unit": "mg", "system": UCUM, "code": "mg"}
    await put(ctx, observation("o", valueQuantity=quantity))

    found = {
        sent: await ids(ctx, f"Observation?value-quantity={sent}")
        for sent in (
            f"1|{UCUM}|g", f"1000|{UCUM}|mg", f"1e-3|{UCUM}|kg", f"gt0.9|{UCUM}|g", f"lt0.9|{UCUM}|g", f"1|{UCUM}|mg", f"1|{UCUM}|m",
            "1000", "1", "1000||mg", "1||g",
        )
    }  # fmt: skip

    assert {sent for sent, hits in found.items() if hits} == {
        f"1|{UCUM}|g", f"1000|{UCUM}|mg", f"1e-3|{UCUM}|kg", f"gt0.9|{UCUM}|g", "1000", "1000||mg",
    }  # fmt: skip


async def test_temperatures_of_different_scales_meet(ctx: Context) -> None:
    await put(ctx, observation("o", valueQuantity={"value": 37.0, "unit": "C", "system": UCUM, "code": "Cel"}))

    assert await ids(ctx, f"Observation?value-quantity=98.6|{UCUM}|[degF]") == ["o"]
    assert await ids(ctx, f"Observation?value-quantity=gt100|{UCUM}|[degF]") == []


async def test_codes_compare_without_case_but_units_do_not(ctx: Context) -> None:
    await put(ctx, observation("o", code="ABC-1", valueQuantity={"value": 1, "system": UCUM, "code": "mg"}))

    assert await ids(ctx, "Observation?code=abc-1") == ["o"]
    assert await ids(ctx, f"Observation?value-quantity=1|{UCUM}|Mg") == []


async def test_text_beside_a_code_matches_from_its_start(ctx: Context) -> None:
    await put(ctx, condition("a", "44054006", "Diabetes mellitus type 2", "Zucker"), condition("b", "38341003", "Hypertension"))

    assert await ids(ctx, "Condition?code:text=diabetes mel") == ["a"]
    assert await ids(ctx, "Condition?code:text=ZÜCK") == ["a"]
    assert await ids(ctx, "Condition?code:text=mellitus") == []
    assert sorted(await ids(ctx, "Condition?code:text=hyper,diab")) == ["a", "b"]
    assert await ids(ctx, "Condition?patient=p1&code:text=hyper") == ["b"]


async def test_an_identifier_is_found_by_its_type(ctx: Context) -> None:
    kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}], "text": "Record number"}
    await put(
        ctx, patient("a", identifier=[{"system": "urn:a", "value": "446053", "type": kind}]), patient("b", identifier=[{"value": "446053"}])
    )

    assert await ids(ctx, "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053") == ["a"]
    assert await ids(ctx, "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|446053") == []
    assert sorted(await ids(ctx, "Patient?identifier=446053")) == ["a", "b"]
    assert await ids(ctx, "Patient?identifier:text=record") == ["a"]
    with pytest.raises(Malformed, match="of-type"):
        await ids(ctx, "Patient?identifier:of-type=MR|446053")


async def test_a_reference_is_found_by_the_identifier_it_carries(ctx: Context) -> None:
    by_name = {"identifier": {"system": "urn:mrn", "value": "7"}}
    await put(
        ctx,
        observation("logical", subject=by_name),
        observation("both", subject={"reference": "Patient/p1", **by_name}),
        observation("other"),
    )

    assert sorted(await ids(ctx, "Observation?subject:identifier=urn:mrn|7")) == ["both", "logical"]
    assert sorted(await ids(ctx, "Observation?subject:identifier=7")) == ["both", "logical"]
    assert await ids(ctx, "Observation?subject:identifier=urn:other|7") == []
    assert await ids(ctx, "Observation?subject:missing=true") == []


async def test_words_of_the_narrative_and_of_the_whole_record(ctx: Context, other: Context) -> None:
    await put(
        ctx,
        condition("a", "1", "Fracture of bone", narrative="liver &amp; <b>kidney</b> pain"),
        condition("b", "2", "Liver cirrhosis", narrative="bone density low"),
        patient("p", "Liver"),
    )
    await put(other, condition("c", "1", "Fracture of bone"))

    async def found(query: str) -> list[str]:
        return sorted(await ids(ctx, f"Condition?{query}"))

    assert await found("_text=liver") == ["a"]
    assert await found("_content=liver") == ["a", "b"]
    assert await found("_content=bone liver") == ["a", "b"]
    assert await found("_content=(bone or kidney) and cirrhosis") == ["b"]
    assert await found("_content=bone not cirrhosis") == ["a"]
    assert await found('_content="fracture of bone"') == ["a"]
    assert await found('_content="bone fracture"') == []
    assert await found("_content=fract*") == ["a"]
    assert await found("_text=kidn*") == ["a"]
    assert await found("_content=div") == []
    assert await found("patient=p1&_content=density") == ["b"]


@pytest.mark.parametrize("sent", ["(", "a)", "not", "or", "''", "a and", '""'])
async def test_a_text_query_that_cannot_be_read_is_refused(ctx: Context, sent: str) -> None:
    with pytest.raises(Malformed, match="_content"):
        await ids(ctx, f"Condition?_content={sent}")


async def test_words_of_a_name_in_any_order(ctx: Context) -> None:
    await put(ctx, patient("a", "Smith", name=[{"given": ["John", "Q"], "family": "Smith-Jones"}]), patient("b", "Johnson"))

    assert await ids(ctx, "Patient?name:text=jones john") == ["a"]
    assert sorted(await ids(ctx, "Patient?name:text=john")) == ["a", "b"]
    assert await ids(ctx, "Patient?name:text=smi,zzz") == ["a"]


async def test_names_that_sound_alike(ctx: Context) -> None:
    await put(ctx, patient("a", "Smith"), patient("b", "Smyth"), patient("c", "Jones"))

    assert sorted(await ids(ctx, "Patient?phonetic=smythe")) == ["a", "b"]
    assert sorted(await ids(ctx, "Patient?phonetic:missing=false")) == ["a", "b", "c"]


async def test_uris_above_and_below(ctx: Context) -> None:
    await put(
        ctx,
        {"resourceType": "ValueSet", "id": "a", "status": "active", "url": "http://acme.org/fhir/ValueSet/123"},
        {"resourceType": "ValueSet", "id": "b", "status": "active", "url": "http://acme.org/fhir"},
        {"resourceType": "ValueSet", "id": "c", "status": "active", "url": "http://other.org/fhir"},
    )

    assert sorted(await ids(ctx, "ValueSet?url:below=http://acme.org/fhir")) == ["a", "b"]
    assert sorted(await ids(ctx, "ValueSet?url:above=http://acme.org/fhir/ValueSet/123/_history/5")) == ["a", "b"]
    assert await ids(ctx, "ValueSet?url:above=http://acme.org/fhirs") == []


async def test_a_place_and_all_within_it(ctx: Context) -> None:
    def place(id: str, within: str | None = None) -> dict[str, Any]:  # noqa: A002
        above = {"partOf": {"reference": f"Location/{within}"}} if within else {}
        return {"resourceType": "Location", "id": id, "name": id, **above}

    def visit(id: str, at: str) -> dict[str, Any]:  # noqa: A002
        where = [{"location": {"reference": f"Location/{at}"}}]
        return {"resourceType": "Encounter", "id": id, "status": "finished", "class": {"code": "AMB"}, "location": where}

    await put(ctx, place("house"), place("ward", "house"), place("bed", "ward"), place("elsewhere"))
    await put(ctx, visit("in-bed", "bed"), visit("in-house", "house"), visit("away", "elsewhere"))

    assert sorted(await ids(ctx, "Encounter?location:below=Location/house")) == ["in-bed", "in-house"]
    assert await ids(ctx, "Encounter?location:below=ward") == ["in-bed"]
    assert await ids(ctx, "Encounter?location:above=Location/bed&location:above=Location/ward") == ["in-house"]
    assert sorted(await ids(ctx, "Location?partof:below=Location/house")) == ["bed", "ward"]
    with pytest.raises(Unsupported, match="below"):
        await ids(ctx, "Observation?patient:below=Patient/p1")


async def test_places_within_a_distance(ctx: Context) -> None:
    def place(id: str, lat: float, long: float) -> dict[str, Any]:  # noqa: A002
        return {"resourceType": "Location", "id": id, "position": {"latitude": lat, "longitude": long}}

    await put(
        ctx,
        place("boston", 42.3601, -71.0589),
        place("cambridge", 42.3736, -71.1097),
        place("suva", -18.1, 178.4),
        place("apia", -13.8, -171.8),
    )

    assert sorted(await ids(ctx, "Location?near=42.36|-71.06|10|km")) == ["boston", "cambridge"]
    assert await ids(ctx, "Location?near=42.36|-71.06|1|km") == ["boston"]
    assert sorted(await ids(ctx, "Location?near=42.36|-71.06|3|[mi_us]")) == ["boston", "cambridge"]
    assert sorted(await ids(ctx, "Location?near=42.36|-71.06")) == ["boston", "cambridge"]
    assert sorted(await ids(ctx, "Location?near=-16|180|1500|km")) == ["apia", "suva"]
    assert await ids(ctx, "Location?near=90|0|100|km") == []
    for wrong in ("42", "91|0", "1|2|3|kg", "a|b", "1|2|-3|km"):
        with pytest.raises(Malformed, match="near"):
            await ids(ctx, f"Location?near={wrong}")


async def test_query_by_name_is_refused_clearly(ctx: Context) -> None:
    with pytest.raises(OslerError, match="_query"):
        await ids(ctx, "Patient?_query=anything")
