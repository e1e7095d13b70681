"""The synthetic clinic: the same for everyone, valid R4, and clinically coherent."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from osler.demo.clinic import Clinic
from osler.demo.tables.allergens import ALLERGENS
from osler.demo.tables.drugs import DRUGS, PENICILLINS
from osler.demo.tables.vaccines import CHILD_SCHEDULE, INTERVAL_DAYS, VACCINES
from osler.demo.writing.immunizations import due_date
from osler.platform.fhir import parse

AS_OF = date(2026, 11, 21)
Record = list[dict[str, Any]]


@pytest.fixture(scope="module")
def groups() -> dict[str, Record]:
    return dict(Clinic(AS_OF, seed=1, patients=120).groups())


@pytest.fixture(scope="module")
def records(groups: dict[str, Record]) -> dict[str, Record]:
    return {name: record for name, record in groups.items() if name != "clinic"}


def of(record: Record, kind: str) -> Record:
    return [one for one in record if one["resourceType"] == kind]


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "reference":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def medicine(order: dict[str, Any]) -> str:
    """The code of what was prescribed, or the reference to it."""
    if "medicationReference" in order:
        return order["medicationReference"]["reference"]
    return order["medicationCodeableConcept"]["coding"][0]["code"]


def clinical_times(resource: dict[str, Any]) -> Iterator[date]:
    for name in (
        "effectiveDateTime",
        "issued",
        "authoredOn",
        "occurrenceDateTime",
        "performedDateTime",
        "recordedDate",
        "date",
        "whenHandedOver",
    ):
        if name in resource:
            yield day(resource[name])
    if resource["resourceType"] == "Encounter":
        yield from (day(moment) for moment in resource["period"].values())


def digest(clinic: Clinic) -> str:
    found = hashlib.sha256()
    for _, body, _ in clinic.bundles():
        found.update(body)
    return found.hexdigest()


def test_the_same_day_and_seed_give_the_same_bytes_in_another_process_with_another_hash_seed() -> None:
    program = (
        "import hashlib, datetime; from osler.demo.clinic import Clinic; h = hashlib.sha256()\n"
        "for _, body, _ in Clinic(datetime.date(2026, 11, 21), 5, 30).bundles(): h.update(body)\n"
        "print(h.hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("0", "1", "4242")
    }

    assert printed == {digest(Clinic(AS_OF, 5, 30))}


def test_another_seed_gives_other_people_and_the_same_known_patients() -> None:
    one, other = dict(Clinic(AS_OF, 1, 30).groups()), dict(Clinic(AS_OF, 2, 30).groups())

    assert one["p00021"] != other["p00021"]
    assert one["heavy"] == other["heavy"]


def test_more_patients_change_nothing_about_the_first_ones() -> None:
    few, more = dict(Clinic(AS_OF, 1, 30).groups()), dict(Clinic(AS_OF, 1, 60).groups())

    assert all(more[name] == record for name, record in few.items())
    assert list(Clinic(AS_OF, 1, 60).patient_ids()) == [name for name in more if name != "clinic"]


def test_every_resource_is_valid_r4_under_an_id_of_its_own(groups: dict[str, Record]) -> None:
    seen = set()
    for record in groups.values():
        for resource in record:
            parsed = parse(msgspec.json.encode(resource))
            seen.add((parsed.type, parsed.id))

    assert len(seen) == sum(len(record) for record in groups.values())


def test_every_reference_points_at_a_record_of_the_clinic_or_of_the_same_patient(groups: dict[str, Record]) -> None:
    house = {f"{one['resourceType']}/{one['id']}" for one in groups["clinic"]}
    for name, record in groups.items():
        own = {f"{one['resourceType']}/{one['id']}" for one in record}
        assert [target for target in references(record) if target not in own and target not in house] == [], name


def test_the_clinic_has_three_sites_and_45_practitioners_with_a_role_each(groups: dict[str, Record]) -> None:
    counts = Counter(one["resourceType"] for one in groups["clinic"])

    assert (counts["Location"], counts["Practitioner"], counts["PractitionerRole"]) == (3, 45, 45)


def test_nothing_happens_before_birth_after_death_or_tomorrow(records: dict[str, Record]) -> None:
    for name, record in records.items():
        patient = of(record, "Patient")[0]
        born = day(patient["birthDate"] + "-01" if len(patient["birthDate"]) == 7 else patient["birthDate"])
        last = day(patient["deceasedDateTime"]) if "deceasedDateTime" in patient else AS_OF
        for resource in record:
            for moment in clinical_times(resource):
                assert born <= moment <= last, f"{name} {resource['resourceType']}/{resource['id']} {moment}"


def test_facts_of_a_visit_lie_inside_the_visit(records: dict[str, Record]) -> None:
    for record in records.values():
        visits = {f"Encounter/{one['id']}": one["period"] for one in of(record, "Encounter")}
        for resource in record:
            if resource["resourceType"] in ("Observation", "MedicationRequest", "Immunization") and "encounter" in resource:
                begun = datetime.fromisoformat(visits[resource["encounter"]["reference"]]["start"])
                said = resource.get("effectiveDateTime") or resource.get("authoredOn") or resource["occurrenceDateTime"]
                assert timedelta() <= datetime.fromisoformat(said) - begun < timedelta(hours=1)


def test_no_vaccine_is_given_before_it_is_due_or_too_soon_after_the_last(records: dict[str, Record]) -> None:
    codes = {vaccine.cvx: key for key, vaccine in VACCINES.items()}
    schedule = {(dose.vaccine, dose.number): dose for dose in CHILD_SCHEDULE}
    checked = 0
    for record in records.values():
        patient = of(record, "Patient")[0]
        latest: dict[str, date] = {}
        for given in of(record, "Immunization"):
            if given["status"] == "not-done":
                continue
            key = codes[given["vaccineCode"]["coding"][0]["code"]].replace("pcv13", "pcv").replace("pcv20", "pcv")
            on = day(given["occurrenceDateTime"])
            number = given.get("protocolApplied", [{}])[0].get("doseNumberPositiveInt")
            if (key, number) in schedule and AS_OF.year - int(patient["birthDate"][:4]) < 15:
                assert on >= due_date(date.fromisoformat(patient["birthDate"]), schedule[key, number])
                checked += 1
            assert key not in latest or (on - latest[key]).days >= INTERVAL_DAYS
            latest[key] = on

    assert checked > 200


def test_nobody_allergic_to_penicillin_is_given_amoxicillin(records: dict[str, Record]) -> None:
    penicillin, forbidden = ALLERGENS["penicillin"].code, {DRUGS[key].rxnorm for key in PENICILLINS}
    allergic = 0
    for record in records.values():
        if any(one["code"]["coding"][0]["code"] == penicillin for one in of(record, "AllergyIntolerance")):
            allergic += 1
            given = {medicine(one) for one in of(record, "MedicationRequest")}
            assert not given & forbidden

    assert allergic > 3


def test_diabetics_have_a_high_a1c_that_falls_after_metformin_is_begun() -> None:
    falls = 0
    for name, record in Clinic(AS_OF, 1, 200).groups():
        if name in ("clinic", "heavy"):
            continue
        diabetic = [one for one in of(record, "Condition") if one["code"]["coding"][0]["code"] == "44054006"]
        started = [day(one["authoredOn"]) for one in of(record, "MedicationRequest") if medicine(one) == "860975"]
        values = [
            (day(one["effectiveDateTime"]), one["valueQuantity"]["value"])
            for one in of(record, "Observation")
            if one["code"]["coding"][0]["code"] == "4548-4"
        ]
        if not diabetic:
            assert all(value < 6.9 for _, value in values), name
            continue
        onset = day(diabetic[0]["onsetDateTime"])
        before = [value for on, value in values if onset <= on and (not started or on <= started[0])]
        after = [value for on, value in values if started and (on - started[0]).days > 110]
        if before and after and onset > started[0] - timedelta(days=100):
            assert min(before) > 7.5
            assert after[-1] < before[0] - 0.5
            falls += 1

    assert falls >= 3


def test_values_outside_their_range_are_marked_and_the_others_are_not(records: dict[str, Record]) -> None:
    marked: Counter[str] = Counter()
    for record in records.values():
        for result in of(record, "Observation"):
            if "referenceRange" in result and "valueQuantity" in result:
                limits, value = result["referenceRange"][0], result["valueQuantity"]["value"]
                below = "low" in limits and value < limits["low"]["value"]
                above = "high" in limits and value > limits["high"]["value"]
                mark = result["interpretation"][0]["coding"][0]["code"]
                marked[mark] += 1
                assert mark[0] == ("L" if below else "H" if above else "N")

    assert marked["H"] > 100
    assert marked["L"] > 100


def test_children_grow(records: dict[str, Record]) -> None:
    grown = 0
    for record in records.values():
        patient = of(record, "Patient")[0]
        if patient["birthDate"] < "2013":
            continue
        heights = [
            (one["effectiveDateTime"], one["valueQuantity"]["value"])
            for one in of(record, "Observation")
            if one["code"].get("text") == "Body height"
        ]
        for (earlier, lower), (later, upper) in pairwise(heights):
            assert upper >= lower, (earlier, later)
            grown += 1

    assert grown > 50


def test_the_allergy_list_has_all_three_states(records: dict[str, Record]) -> None:
    states: Counter[str] = Counter()
    for record in records.values():
        codes = [one["code"]["coding"][0]["code"] for one in of(record, "AllergyIntolerance")]
        states["none known" if codes == ["716186003"] else "recorded" if codes else "not recorded"] += 1
        assert len(codes) == 1 or "716186003" not in codes

    assert min(states[state] for state in ("none known", "recorded", "not recorded")) > 5


def test_people_of_one_household_share_address_and_telephone(records: dict[str, Record]) -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for name, record in records.items():
        homes[of(record, "Patient")[0]["address"][0]["line"][0]].append(name)
    families = [names for names in homes.values() if len(names) > 2]

    assert len(families) > 5
    for names in families:
        assert len({of(records[name], "Patient")[0]["name"][0]["family"] for name in names}) == 1


def test_many_patients_do_not_need_much_memory() -> None:
    clinic = Clinic(AS_OF, 1, 150)
    stream = clinic.bundles()
    for _ in range(40):
        next(stream)

    tracemalloc.start()
    count = sum(entries for _, _, entries in stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count > 15_000
    assert peak < 12_000_000
