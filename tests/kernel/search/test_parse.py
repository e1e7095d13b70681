"""What a search may ask, and how it is told what it may not."""

from __future__ import annotations

import pytest

from osler.platform.errors import Malformed, Unsupported
from osler.platform.fhir import rid, token_value
from osler.platform.store.search import MOST_COUNT, parse_query
from osler.platform.store.search.query import Identifiers, Ids, Strings, Tokens
from osler.platform.store.search.values import split, unescape


@pytest.mark.parametrize(
    "name",
    [
        "nmae",
        "name:fuzzy",
        "gender:exact",
        "birthdate:contains",
        "general-practitioner.nmae",
        "_has:Observation:patient:coed",
        "_contained",
        "_id:exact",
        "_count:x",
    ],
)
def test_an_unknown_parameter_or_modifier_is_refused_by_name(name: str) -> None:
    with pytest.raises(Unsupported) as refused:
        parse_query("Patient", [("gender", "male"), (name, "x")])

    assert name in refused.value.message
    assert refused.value.issues[0].expression == f"http.{name}"


def test_a_lenient_search_says_what_it_left_out() -> None:
    query = parse_query("Patient", [("nmae", "x"), ("gender", "male"), ("_format", "json")], lenient=True)

    assert query.ignored == ("nmae",)
    assert query.used == (("gender", "male"),)
    assert len(query.conditions) == 1


def test_a_bad_value_is_refused_even_leniently() -> None:
    with pytest.raises(Malformed):
        parse_query("Patient", [("birthdate", "yesterday")], lenient=True)


@pytest.mark.parametrize(
    ("type_name", "name", "value"),
    [
        ("Patient", "birthdate", "2020-02-30"),
        ("Patient", "birthdate", "xx2020"),
        ("Patient", "birthdate", "20-01-01"),
        ("Patient", "birthdate", "2020-01-01T25:00:00Z"),
        ("Patient", "name", ""),
        ("Patient", "name", "a,,b"),
        ("Patient", "gender", "a|b|c"),
        ("Patient", "gender", "|"),
        ("Patient", "gender:missing", "maybe"),
        ("Patient", "general-practitioner", "Nonsense/1"),
        ("Patient", "general-practitioner", "not an id"),
        ("Patient", "_count", "-1"),
        ("Patient", "_count", "many"),
        ("Patient", "_total", "some"),
        ("Patient", "_summary", "short"),
        ("Patient", "_include", "Observation:subject"),
        ("Patient", "_include", "Patient"),
        ("Patient", "_include", "Patient:link:Nonsense"),
        ("Observation", "subject:Patient", "Group/1"),
        ("Observation", "value-quantity", "much"),
        ("Observation", "value-quantity", "5|mg"),
        ("Observation", "value-quantity", "NaN"),
        ("Observation", "value-quantity", "1e999"),
        ("RiskAssessment", "probability", "0.5||mg"),
        ("Observation", "code", ",".join(["x"] * 1001)),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_naming_the_parameter_and_not_the_value(type_name: str, name: str, value: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_query(type_name, [(name, value)])

    assert refused.value.issues[0].expression == f"http.{name}"
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("value", ["nothing", "-", "", "name,,gender", "family:exact"])
def test_sorting_by_what_has_no_order_is_refused(value: str) -> None:
    with pytest.raises(Unsupported):
        parse_query("Patient", [("_sort", value)])


def test_a_backslash_takes_the_meaning_from_comma_bar_and_dollar() -> None:
    assert split(r"a\,b,c\\,d", ",") == [r"a\,b", r"c\\", "d"]
    assert unescape(r"a\,b\|c\$d\\e\x") == r"a,b|c$d\e\x"
    (names,) = parse_query("Patient", [("family:exact", r"O\,Neil,Smith")]).conditions
    assert isinstance(names, Strings)
    assert names.wanted == ("o,neil\x01O,Neil", "smith\x01Smith")
    (found,) = parse_query("Patient", [("identifier", r"urn:x|a\|b\,c")]).conditions
    assert isinstance(found, Identifiers)
    assert found.wanted == (("a|b,c", "urn:x"),)


@pytest.mark.parametrize("value", ["p1", "Patient/p1", "Patient/p1/_history/4", "https://here.example/demo/fhir/Patient/p1"])
def test_every_way_to_name_a_patient_is_the_same(value: str) -> None:
    (found,) = parse_query("Observation", [("patient", value)], base="https://here.example/demo/fhir").conditions

    assert isinstance(found, Tokens)
    assert (found.patients, found.wanted) == ((rid("Patient", "p1"),), ())


def test_a_bare_id_stands_for_every_type_the_reference_may_have() -> None:
    (found,) = parse_query("Observation", [("subject", "p1")]).conditions

    assert isinstance(found, Tokens)
    assert found.patients == (rid("Patient", "p1"),)
    assert {value for value, _ in found.wanted} == {rid(name, "p1") for name in ("Device", "Group", "Location")}


def test_a_type_as_modifier_is_that_type_alone() -> None:
    (found,) = parse_query("Observation", [("subject:Group", "g")]).conditions

    assert isinstance(found, Tokens)
    assert (found.patients, found.wanted) == ((), ((rid("Group", "g"), None),))


def test_commas_are_or_and_repetition_is_and() -> None:
    query = parse_query("Observation", [("code", "a,b"), ("code", "c"), ("_id", "1,2")])

    first, second, ids = query.conditions
    assert isinstance(first, Tokens)
    assert isinstance(second, Tokens)
    assert isinstance(ids, Ids)
    assert [value for value, _ in first.wanted] == [token_value("a"), token_value("b")]
    assert [value for value, _ in second.wanted] == [token_value("c")]
    assert ids.rids == (rid("Observation", "1"), rid("Observation", "2"))


def test_a_page_is_never_larger_than_the_limit_and_the_total_alone_is_no_page() -> None:
    assert parse_query("Patient", [("_count", "100000")]).count == MOST_COUNT
    assert (parse_query("Patient", [("_count", "0")]).count, parse_query("Patient", [("_count", "0")]).total) == (0, "accurate")
    assert parse_query("Patient", [("_summary", "count")]).total == "accurate"


def test_the_audit_gets_names_and_no_values() -> None:
    query = parse_query("Patient", [("name", "Smith"), ("name", "Ann"), ("birthdate", "1980")])

    assert query.names == ("name", "birthdate")
