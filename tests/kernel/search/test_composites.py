"""Composite parameters: both halves of one element, in the order of their values. https://hl7.org/fhir/R4/search.html#combining"""

from __future__ import annotations

from typing import Any

import pytest
from tests.kernel.search.conftest import ids, observation, put, search

from osler.platform.context import Context
from osler.platform.errors import Malformed

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"


def concept(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, unit: str = "mm[Hg]") -> dict[str, Any]:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def pressure(id: str, systolic: float, diastolic: float) -> dict[str, Any]:  # noqa: A002
    parts = [
        {"code": concept("8480-6"), "valueQuantity": quantity(systolic)},
        {"code": concept("8462-4"), "valueQuantity": quantity(diastolic)},
    ]
    return observation(id, code="85354-9", component=parts)


async def test_the_code_and_the_value_must_be_of_the_same_component(ctx: Context) -> None:
    await put(ctx, pressure("high", 160, 80), pressure("low", 110, 70))

    found = {
        value: await ids(ctx, f"Observation?component-code-value-quantity={value}")
        for value in ("8480-6$gt140", "8462-4$gt140", "8480-6$lt120", "8462-4$lt120", f"{LOINC}|8480-6$160", "urn:other|8480-6$160")
    }

    assert found == {
        "8480-6$gt140": ["high"],
        "8462-4$gt140": [],
        "8480-6$lt120": ["low"],
        "8462-4$lt120": ["high", "low"],
        f"{LOINC}|8480-6$160": ["high"],
        "urn:other|8480-6$160": [],
    }


async def test_combined_parameters_look_at_the_record_and_at_its_components(ctx: Context) -> None:
    await put(ctx, pressure("bp", 160, 80), observation("single", code="8480-6", valueQuantity=quantity(150)))

    assert await ids(ctx, "Observation?combo-code-value-quantity=8480-6$gt140") == ["bp", "single"]
    assert await ids(ctx, "Observation?code-value-quantity=8480-6$gt140") == ["single"]
    assert await ids(ctx, "Observation?patient=p1&combo-code-value-quantity=8480-6$gt155") == ["bp"]
    assert sorted(await ids(ctx, "Observation?combo-code-value-quantity=8480-6$160,8480-6$150")) == ["bp", "single"]


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("gt5", ["range", "six"]), ("ge5", ["range", "six", "five", "below"]),
        ("lt5", ["range", "below"]), ("le5", ["range", "below", "five"]),
        ("5", ["five"]), ("ne5", ["below", "range", "six"]), ("ap5", ["range", "below", "five"]),
        ("sa5", ["six"]), ("eb6", ["five", "below"]),
        (f"5|{UCUM}|mg", ["five"]), (f"0.0050|{UCUM}|g", ["five"]), (f"0.0060|{UCUM}|g", ["six"]),
        (f"0.005|{UCUM}|g", ["five"]),  # 4.5 mg to 5.5 mg
        ("5||mg", ["five"]), ("5||g", []),
    ],
)  # fmt: skip
async def test_every_prefix_and_unit_on_the_amount(ctx: Context, sent: str, found: list[str]) -> None:
    await put(
        ctx,
        observation("five", code="x", valueQuantity=quantity(5, "mg")),
        observation("six", code="x", valueQuantity=quantity(6, "mg")),
        observation("below", code="x", valueQuantity={**quantity(5, "mg"), "comparator": "<"}),
        observation("range", code="x", valueQuantity={**quantity(1, "mg"), "comparator": ">"}),
        observation("other", code="y", valueQuantity=quantity(5, "mg")),
    )

    assert set(await ids(ctx, f"Observation?code-value-quantity=x${sent}")) == set(found)


async def test_pages_of_a_composite_neither_repeat_nor_lose(ctx: Context) -> None:
    await put(ctx, *(observation(f"o{number}", code="x", valueQuantity=quantity(number % 4)) for number in range(10)))
    seen: list[str] = []
    text = "Observation?code-value-quantity=x$ge1&_count=3"
    page = await search(ctx, text)
    while True:
        seen += [stored.id for stored in page.matches]
        if page.next is None:
            break
        page = await search(ctx, f"{text}&_cursor={page.next}")

    assert len(seen) == len(set(seen)) == 7


async def test_codes_dates_and_texts_as_the_second_half(ctx: Context) -> None:
    await put(
        ctx,
        observation("concept", code="72166-2", valueCodeableConcept=concept("266919005", "http://snomed.info/sct")),
        observation("date", code="birth", valueDateTime="2020-05-01"),
        observation("text", code="note", valueString="Müde und schwach"),
    )

    assert await ids(ctx, "Observation?code-value-concept=72166-2$266919005") == ["concept"]
    assert await ids(ctx, "Observation?code-value-concept=72166-2$http://snomed.info/sct|266919005") == ["concept"]
    assert await ids(ctx, f"Observation?code-value-concept={LOINC}|72166-2$http://snomed.info/sct|") == ["concept"]
    assert await ids(ctx, "Observation?code-value-concept=72166-2$urn:other|266919005") == []
    assert await ids(ctx, "Observation?code-value-date=birth$2020-05") == ["date"]
    assert await ids(ctx, "Observation?code-value-date=birth$gt2020-05") == []
    assert await ids(ctx, "Observation?code-value-string=note$mude") == ["text"]
    assert await ids(ctx, "Observation?code-value-string=note$schwach") == []
    assert await ids(ctx, "Observation?combo-code-value-concept=72166-2$266919005") == ["concept"]


async def test_composites_of_other_types(ctx: Context) -> None:
    related = {"code": "replaces", "target": {"reference": "DocumentReference/old"}}
    attachment = [{"attachment": {"title": "x"}}]
    use = {"code": {"system": "urn:u", "code": "age"}, "valueRange": {"low": {"value": 10}, "high": {"value": 20}}}
    sequence = {
        "resourceType": "MolecularSequence",
        "id": "s",
        "coordinateSystem": 0,
        "referenceSeq": {"chromosome": concept("1", "urn:c"), "genomeBuild": "GRCh 37"},
    }
    await put(
        ctx,
        {"resourceType": "DocumentReference", "id": "new", "status": "current", "content": attachment, "relatesTo": [related]},
        {"resourceType": "ValueSet", "id": "v", "status": "active", "useContext": [use]},
        sequence | {"variant": [{"start": 128273724, "end": 128273736}, {"start": 5, "end": 6}]},
    )

    assert await ids(ctx, "DocumentReference?relationship=DocumentReference/old$replaces") == ["new"]
    assert await ids(ctx, "DocumentReference?relationship=DocumentReference/old$appends") == []
    assert await ids(ctx, "ValueSet?context-type-quantity=age$gt15") == ["v"]
    assert await ids(ctx, "ValueSet?context-type-quantity=age$gt25") == []
    assert await ids(ctx, "MolecularSequence?chromosome-variant-coordinate=1$ge128273724$le128273736") == ["s"]
    assert await ids(ctx, "MolecularSequence?chromosome-variant-coordinate=1$ge128273724$le6") == []


async def test_an_escaped_dollar_belongs_to_the_code(ctx: Context) -> None:
    await put(ctx, observation("o", code="a$b", valueQuantity=quantity(5)))

    assert await ids(ctx, "Observation?code-value-quantity=a\\$b$5") == ["o"]


@pytest.mark.parametrize("sent", ["8480-6", "8480-6$", "$gt1", "8480-6$gt1$lt2", "8480-6$many"])
async def test_a_composite_without_both_halves_is_refused_by_name(ctx: Context, sent: str) -> None:
    with pytest.raises(Malformed, match="code-value-quantity"):
        await ids(ctx, f"Observation?code-value-quantity={sent}")


async def test_a_changed_record_is_found_by_its_new_values_only(ctx: Context, other: Context) -> None:
    await put(ctx, pressure("bp", 160, 80))
    await put(ctx, pressure("bp", 120, 80))

    assert await ids(ctx, "Observation?component-code-value-quantity=8480-6$gt140") == []
    assert await ids(ctx, "Observation?component-code-value-quantity=8480-6$120") == ["bp"]
    assert await ids(other, "Observation?component-code-value-quantity=8480-6$120") == []
    assert await ids(ctx, "Observation?component-code-value-quantity:missing=true") == []
