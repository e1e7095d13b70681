"""$lastn and $stats: the latest of each kind, and figures in one unit, for one subject the actor may see."""

import statistics

import pytest

from tests.conformance.operations.conftest import ref, shown

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
VITAL = [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}]}]


def coded(*codes, text=None):
    return {"coding": [{"system": LOINC, "code": code} for code in codes]} | ({"text": text} if text else {}) if codes else {"text": text}


@pytest.fixture
async def measure(alpha, patient):
    """Writes observations of one patient and answers their ids."""
    person = (await alpha.made(patient()))["id"]

    async def write(code, day, value=None, unit="mg/dL", **more):
        body = {"resourceType": "Observation", "status": "final", "category": VITAL, "code": code, "subject": ref("Patient", person)}
        if day is not None:
            body["effectiveDateTime"] = day
        if value is not None:
            body["valueQuantity"] = {"value": value, "unit": unit, "system": UCUM, "code": unit}
        return (await alpha.made(body | more))["id"]

    write.person = person
    return write


def ids(answer):
    return [name.partition("/")[2] for name in shown(answer)]


async def test_the_latest_of_each_code_comes_and_ties_come_together(alpha, measure):
    await measure(coded("a"), "2020-01-01")
    second, third = await measure(coded("a"), "2020-01-02"), await measure(coded("a"), "2020-01-02")
    other = await measure(coded("b"), "2019-01-01")
    undated = await measure(coded("c"), None)

    found = ids(await alpha.get(f"Observation/$lastn?patient={measure.person}&category=vital-signs"))

    assert sorted(found[:2]) == sorted([second, third])
    assert found[2:] == [other, undated]


async def test_max_counts_within_each_group(alpha, measure):
    days = [await measure(coded("a"), f"2020-01-0{day}") for day in range(1, 6)]
    few = [await measure(coded("b"), f"2018-01-0{day}") for day in range(1, 3)]

    found = ids(await alpha.get(f"Observation/$lastn?subject=Patient/{measure.person}&category=vital-signs&max=3"))

    assert found == [days[4], days[3], days[2], few[1], few[0]]


@pytest.mark.parametrize(
    ("codes", "groups"),
    [
        ([("a",), ("b",), ("c",)], 3),
        ([("a",), ("b",), ("a", "c")], 2),
        ([("a",), ("b",), ("a", "b")], 1),
        ([("a", "b"), ("c", "d"), ("b", "c")], 1),
    ],
)
async def test_translations_of_a_code_make_one_group(alpha, measure, codes, groups):
    for day, one in enumerate(codes, 1):
        await measure(coded(*one), f"2020-01-0{day}")

    assert len(ids(await alpha.get(f"Observation/$lastn?patient={measure.person}&category=vital-signs"))) == groups


async def test_text_alone_groups_by_the_very_text(alpha, measure):
    for text in ("textM", "Text", "t e x t", "Text"):
        await measure(coded(text=text), "2020-01-01T10:00:00Z")

    answer = await alpha.get(f"Observation/$lastn?patient={measure.person}&category=vital-signs")

    assert sorted(entry["resource"]["code"]["text"] for entry in answer.json()["entry"]) == ["Text", "Text", "t e x t", "textM"]


async def test_by_post_and_with_other_criteria(alpha, measure):
    await measure(coded("a"), "2020-01-02", status="preliminary")
    kept = await measure(coded("a"), "2020-01-01")
    parts = [
        {"name": "max", "valuePositiveInt": 2},
        {"name": "patient", "valueReference": {"reference": f"Patient/{measure.person}"}},
        {"name": "code", "valueCoding": {"system": LOINC, "code": "a"}},
        {"name": "status", "valueCode": "final"},
    ]

    answer = await alpha.ask("POST", "Observation/$lastn", {"resourceType": "Parameters", "parameter": parts})

    assert ids(answer) == [kept]
    assert measure.person not in answer.json()["link"][0]["url"]


async def test_no_match_is_an_empty_bundle_and_the_audit_names_what_left(alpha, measure, audited):
    made = await measure(coded("a"), "2020-01-01")

    assert ids(await alpha.get(f"Observation/$lastn?patient={measure.person}&code=zzz")) == []
    await alpha.get(f"Observation/$lastn?patient={measure.person}&code=a")

    assert [row[2] for row in await audited(measure.person, "S")] == ["$lastn", f"$lastn Observation/{made}/1"]


@pytest.mark.parametrize(
    "query",
    [
        "category=vital-signs",
        "patient=1",
        "patient=1,2&code=a",
        "patient=1&subject=Patient/2&code=a",
        "patient=1&code=a&max=0",
        "patient=1&code=a&max=x",
        "patient=1&code=a&_sort=date",
        "patient=1&code=a&_count=1",
        "patient=1&code=a&_include=*",
        "patient=1&code=a&colour=red",
    ],
)
async def test_lastn_refuses_what_it_cannot_do(refused, query):
    await refused(400, "GET", f"Observation/$lastn?{query}")


async def test_observations_are_for_those_who_may_read_them(everyone, measure):
    assert (await everyone("front.desk", "GET", f"Observation/$lastn?patient={measure.person}&code=a")).status_code == 403
    assert (
        await everyone("front.desk", "GET", f"Observation/$stats?subject=Patient/{measure.person}&code=a&statistic=count")
    ).status_code == 403


def figures(answer, place=0):
    assert answer.status_code == 200, answer.text
    found = [part["resource"] for part in answer.json()["parameter"] if part["name"] == "statistics"][place]
    return {part["code"]["coding"][0]["code"]: part.get("valueQuantity", {}).get("value") for part in found["component"]}, found


async def test_every_statistic_of_known_numbers(alpha, measure):
    numbers = [3, 1, 4, 1, 5, 9, 2, 6]
    for day, value in enumerate(numbers, 1):
        await measure(coded("n"), f"2020-01-0{day}", value)
    await measure(coded("n"), "2020-01-09")
    await measure(coded("n"), "2020-01-09", 1000, status="entered-in-error")
    codes = "average,maximum,minimum,count,total-count,median,std-dev,sum,variance,20-percent,80-percent,4-lower,4-upper,4-dev,5-2"
    query = f"subject=Patient/{measure.person}&code=n&system={LOINC}&statistic={codes}&statistic=skew&statistic=kurtosis"

    found, resource = figures(await alpha.get(f"Observation/$stats?{query}"))

    quartiles = statistics.quantiles(numbers, n=4, method="inclusive")
    fifths = statistics.quantiles(numbers, n=5, method="inclusive")
    assert found["count"] == 8
    assert found["total-count"] == 9
    assert (found["minimum"], found["maximum"], found["sum"]) == (1, 9, 31)
    assert found["average"] == pytest.approx(statistics.mean(numbers))
    assert found["median"] == statistics.median(numbers)
    assert found["std-dev"] == pytest.approx(statistics.stdev(numbers))
    assert found["variance"] == pytest.approx(statistics.variance(numbers))
    assert [found["4-lower"], found["4-upper"]] == pytest.approx([quartiles[0], quartiles[2]])
    assert found["4-dev"] == pytest.approx((quartiles[2] - quartiles[0]) / 2)
    assert [found["20-percent"], found["5-2"], found["80-percent"]] == pytest.approx([fifths[0], fifths[1], fifths[3]])
    m2, m3, m4 = (sum((value - statistics.mean(numbers)) ** power for value in numbers) / len(numbers) for power in (2, 3, 4))
    assert found["skew"] == pytest.approx(m3 / m2**1.5)
    assert found["kurtosis"] == pytest.approx(m4 / m2**2)
    assert resource["status"] == "final"
    assert resource["subject"] == ref("Patient", measure.person)
    assert resource["code"]["coding"] == [{"system": LOINC, "code": "n"}]


async def test_units_are_made_one(alpha, measure):
    await measure(coded("w"), "2020-01-01", 70, "kg")
    await measure(coded("w"), "2020-01-02", 71000, "g")
    await measure(coded("w"), "2020-01-03", 180, "cm")
    answer = await alpha.get(f"Observation/$stats?subject=Patient/{measure.person}&code=w&statistic=average,count")

    every = [figures(answer, place) for place in range(2)]
    first = [(found, resource["component"][0]["valueQuantity"]["code"]) for found, resource in every]
    told = [(code, found["average"], found["count"]) for found, code in first]
    assert {code for code, _, _ in told} in ({"kg", "cm"}, {"g", "cm"})
    mean = {code: average for code, average, _ in told}
    assert mean["cm"] == 180
    assert mean.get("kg", mean.get("g", 0) / 1000) == pytest.approx(70.5)


async def test_a_panel_is_told_by_its_parts_and_its_members(alpha, measure):
    parts = [
        {"code": coded("8480-6"), "valueQuantity": {"value": 120, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}},
        {"code": coded("8462-4"), "valueQuantity": {"value": 80, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}},
    ]
    await measure(coded("85354-9"), "2020-01-01", component=parts)
    single = await measure(coded("8480-6"), "2020-01-02", 140, "mm[Hg]")
    await measure(coded("85354-9"), "2020-01-02", hasMember=[ref("Observation", single)])

    answer = await alpha.get(f"Observation/$stats?subject=Patient/{measure.person}&coding={LOINC}|85354-9&statistic=max&statistic=count")
    by_code = {}
    for part in answer.json()["parameter"]:
        each = part["resource"]["component"]
        found = {one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] for one in each if "valueQuantity" in one}
        by_code[part["resource"]["code"]["coding"][0]["code"]] = found
    assert by_code["8480-6"] == {"maximum": 140, "count": 2}
    assert by_code["8462-4"] == {"maximum": 80, "count": 1}
    systolic, _ = figures(await alpha.get(f"Observation/$stats?subject=Patient/{measure.person}&coding={LOINC}|8480-6&statistic=minimum"))
    assert systolic == {"minimum": 120}


async def test_period_sources_regression_and_what_has_no_answer(alpha, measure):
    inside = [await measure(coded("p"), f"2020-02-0{day}", day * 2) for day in (1, 2, 3)]
    await measure(coded("p"), "2021-02-01", 100)
    parts = [
        {"name": "subject", "valueUri": f"Patient/{measure.person}"},
        {"name": "coding", "valueCoding": {"system": LOINC, "code": "p"}},
        {"name": "period", "valuePeriod": {"start": "2020-02-01", "end": "2020-02-29"}},
        {"name": "statistic", "valueCode": "regression"},
        {"name": "statistic", "valueCode": "maximum"},
        {"name": "include", "valueBoolean": True},
        {"name": "limit", "valuePositiveInt": 2},
    ]
    answer = await alpha.ask("POST", "Observation/$stats", {"resourceType": "Parameters", "parameter": parts})

    _, resource = figures(answer)
    told = [(part["code"].get("text"), part["valueQuantity"]["value"]) for part in resource["component"]]
    assert told == [("gradient", 2), ("intercept", 2), (None, 6)]
    sources = [part["resource"]["id"] for part in answer.json()["parameter"] if part["name"] == "source"]
    assert len(sources) == 2
    assert set(sources) <= set(inside)
    nothing = f"subject=Patient/{measure.person}&code=nothing&statistic=average&statistic=count"
    none, empty = figures(await alpha.get(f"Observation/$stats?{nothing}"))
    assert none == {"average": None, "count": 0}
    assert empty["component"][0]["dataAbsentReason"]["coding"][0]["code"] == "not-a-number"


@pytest.mark.parametrize(
    "query",
    [
        "code=a&statistic=count",
        "subject=Patient/1&statistic=count",
        "subject=Patient/1&code=a",
        "subject=Patient/1&code=a&statistic=luck",
        "subject=1&code=a&statistic=count",
        "subject=Patient/1,Patient/2&code=a&statistic=count",
        "subject=Patient/1&code=a&statistic=count&duration=0",
        "subject=Patient/1&code=a&statistic=count&duration=-1",
        "subject=Patient/1&code=a&statistic=count&duration=1e99",
        "subject=Patient/1&code=a&statistic=count&period=2020",
        "subject=Patient/1&code=a&statistic=count&limit=0",
        "subject=Patient/1&code=a&statistic=count&x=y",
    ],
)
async def test_stats_refuses_what_it_cannot_do(refused, query):
    await refused(400, "GET", f"Observation/$stats?{query}")
