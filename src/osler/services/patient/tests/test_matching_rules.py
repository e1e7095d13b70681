"""When two patient records are one person: pairs with their grade, and what may never be called certain."""

import msgspec
import pytest

from osler.services.patient.rules import Person, distance, match_of

ANN = {
    "name": [{"family": "Müller-Smith", "given": ["Katherine", "Ann"]}],
    "birthDate": "1950-03-01",
    "gender": "female",
    "identifier": [{"system": "urn:mrn", "value": "123"}],
    "telecom": [{"system": "phone", "value": "(555) 010-2030"}, {"system": "email", "value": "Kate@x.example"}],
    "address": [{"line": ["1 Main St"], "postalCode": "02139-1234"}],
}


def person(**facts):
    return msgspec.convert(facts, Person)


def graded(one, other):
    return match_of(person(**one), person(**other)).grade


def names(family, given):
    return {"name": [{"family": family, "given": [given]}]}


@pytest.mark.parametrize(
    ("described", "grade"),
    [
        (ANN, "certain"),
        ({"identifier": ANN["identifier"], "birthDate": "1950-03-01"}, "certain"),
        ({**names("MULLER SMITH", "katherine"), "birthDate": "1950-03-01", "gender": "female"}, "certain"),
        ({**names("Mueller-Smith", "Katherine"), "birthDate": "1950-03-01", "gender": "female"}, "probable"),
        ({**names("Muller-Smiht", "Katherine"), "birthDate": "1950-03-01", "gender": "female"}, "probable"),
        ({**names("Müller-Smith", "Kate"), "birthDate": "1950-03-01", "gender": "female"}, "probable"),
        ({**names("Müller-Smith", "K"), "birthDate": "1950-03-01"}, "probable"),
        ({**names("Müller-Smith", "Katherine"), "birthDate": "1950-01-03"}, "probable"),
        ({**names("Müller-Smith", "Katherine"), "birthDate": "1950-03-02"}, "probable"),
        ({**names("Müller-Smith", "Katherine"), "birthDate": "1950"}, "probable"),
        ({"name": [{"text": "Katherine Müller-Smith"}], "birthDate": "1950-03-01"}, "certain"),
        ({**names("Müller-Smith", "Katherine"), "telecom": [{"system": "phone", "value": "+1 555 010 2030"}]}, "probable"),
        ({**names("Other", "Katherine"), "birthDate": "1950-03-01", "telecom": ANN["telecom"]}, "probable"),
        (names("Müller-Smith", "Katherine"), "possible"),
        ({**names("Müller-Smith", "Katherine"), "birthDate": "1980-07-09"}, "certainly-not"),
        ({**names("Nobody", "Jane"), "birthDate": "1950-03-01"}, "certainly-not"),
        ({"gender": "female"}, "certainly-not"),
    ],
)
def test_a_description_and_a_record_have_this_grade(described, grade):
    assert graded(described, ANN) == grade


def test_twins_are_never_more_than_possible():
    twin = ANN | names("Müller-Smith", "Barbara") | {"identifier": [{"system": "urn:mrn", "value": "124"}]}

    found = match_of(person(**ANN), person(**twin))

    assert found.grade in ("possible", "certainly-not")
    assert found.score <= 0.5


def test_parent_and_child_of_one_name_are_never_more_than_possible():
    child = ANN | {"birthDate": "1975-08-20", "identifier": []}

    assert match_of(person(**ANN), person(**child)).score <= 0.6


def test_it_does_not_matter_which_of_the_two_was_described():
    for other in ({**names("Muller-Smiht", "Kate"), "birthDate": "1950"}, names("A", "B"), ANN):
        one, back = match_of(person(**ANN), person(**other)), match_of(person(**other), person(**ANN))
        assert (one.score, one.grade) == (back.score, back.grade)


def test_each_field_that_agrees_raises_the_score_and_is_named():
    described, last = {}, 0.0
    for field in ("gender", "name", "birthDate", "telecom", "address", "identifier"):
        described |= {field: ANN[field]}
        found = match_of(person(**described), person(**ANN))
        assert found.score >= last
        last = found.score
    assert dict(found.reasons) == {
        "identifier": 16, "family": 7, "given": 6, "birthDate": 12, "gender": 1, "phone": 8, "email": 9, "address": 6,
    }  # fmt: skip
    assert found.score == 1


def test_a_former_name_counts_as_well_as_the_present_one():
    found = ANN | {"name": [{"family": "New", "given": ["Katherine"]}, {"use": "maiden", "family": "Müller-Smith", "given": ["Katherine"]}]}

    assert graded(names("Müller-Smith", "Katherine") | {"birthDate": "1950-03-01"}, found) == "certain"


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("smith", "smith", 0),
        ("smith", "smiht", 1),
        ("smith", "smyth", 1),
        ("smith", "mith", 1),
        ("abcd", "badc", 2),
        ("a", "xyz", 3),
    ],
)
def test_letters_apart(one, other, apart):
    assert min(distance(one, other, 2), 3) == apart
