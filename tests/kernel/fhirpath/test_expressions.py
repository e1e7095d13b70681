"""What expressions give, class by class: values, partial knowledge, types, places, and the limits of one evaluation."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from osler.platform import fhirpath
from osler.platform.fhirpath import Environment, ExecutionProblem, FhirPathProblem, LimitReached, Node, SemanticProblem, SyntaxProblem

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "active": True,
    "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1974-12-25T14:35:45-05:00"}]},
    "birthDate": "1974-12-25",
    "multipleBirthInteger": 2,
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"use": "usual", "given": ["Jim", None], "_given": [None, {"extension": [{"url": "urn:masked", "valueBoolean": True}]}]},
    ],
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Clinic"}],
    "managingOrganization": {"reference": "#o"},
    "generalPractitioner": [{"reference": "Practitioner/1"}],
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "1-8"}]},
    "valueQuantity": {"value": Decimal("185.0"), "unit": "lbs", "system": "http://unitsofmeasure.org", "code": "[lb_av]"},
    "effectiveDateTime": "2020-03",
    "referenceRange": [{"low": {"value": Decimal("1"), "comparator": "<"}}],
}


def values(expression: str, resource: Any = PATIENT, environment: Environment | None = None) -> list[Any]:
    return [str(node.value) if not isinstance(node.value, bool | int | str | Decimal | dict) else node.value
            for node in fhirpath.compile(expression).evaluate(resource, environment)]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # Navigation: choices, primitives' extensions, gaps in lists.
        ("multipleBirth", [2]),
        ("multipleBirth is integer", [True]),
        ("birthDate.extension('urn:time').value", ["1974-12-25T14:35:45-05:00"]),
        ("name.given", ["Peter", "James", "Jim", None]),
        ("name.given.hasValue()", [False]),
        ("name.given.where($this.hasValue())", ["Peter", "James", "Jim"]),
        ("name.given.extension('urn:masked').value", [True]),
        ("name.given.count()", [4]),
        ("Resource.id", ["p"]),
        ("DomainResource.contained.name", ["Clinic"]),
        ("managingOrganization.resolve().name", ["Clinic"]),
        ("nothing.at.all", []),
        # Precedence.
        ("1 + 2 * 3", [7]),
        ("-2 + 3", [1]),
        ("2 - -2", [4]),
        ("1 | 2 = 2 | 1", [False]),
        ("true or false and false", [True]),
        ("false implies false implies false", [False]),
        ("1 < 2 = true", [True]),
        ("'a' & 'b' + 'c'", ["abc"]),
        ("5 div 2 * 2", [4]),
        ("1 in 1 | 2", [True]),
        # Arithmetic, with its edges.
        ("2147483647 + 1", []),
        ("-2147483648", [-2147483648]),
        ("7 mod -3", [1]),
        ("-7 div 2", [-3]),
        ("1 / 0", []),
        ("1.5.round()", [2]),
        ("(-2.5).round()", [-3]),
        ("10.power(400)", []),
        ("2.power(-1)", [Decimal("0.5")]),
        ("1.10 = 1.1", [True]),
        ("0.1 + 0.2 = 0.3", [True]),
        ("1L + 1", [2]),
        # Strings.
        ("'abc'.substring(1, -1)", [""]),
        ("'abcabc'.lastIndexOf('b')", [4]),
        ("'a1b2'.replaceMatches('([a-z])([0-9])', '$2$1')", ["1a2b"]),
        ("'line\nbreak'.matches('e.b')", [True]),
        ("'zz'.decode('hex')", []),
        ("('a' | 'b').join()", ["ab"]),
        # Dates known in part.
        ("@2020 < @2021-01", [True]),
        ("@2020 < @2020-06", []),
        ("@2020-01-31 + 1 month", ["2020-02-29"]),
        ("@2019 + 23 months", ["2020"]),
        ("@2020-03-01 - 1 day", ["2020-02-29"]),
        ("@T23:30 + 1 hour", ["00:30"]),
        ("@2020-01-01T00:00:00Z = @2020-01-01T02:00:00+02:00", [True]),
        ("@2020-01-01T10:00:00Z < @2020-01-03T10:00:00", [True]),
        ("@9999-12-31 + 1 day", []),
        ("@2020-02.lowBoundary()", ["2020-02-01"]),
        ("@2020-02.highBoundary()", ["2020-02-29"]),
        ("@2020-05-06T07:08:09.010+02:00.yearOf()", [2020]),
        ("@2020-05-06T07:08:09.010+02:00.timezoneOffsetOf()", [2]),
        ("@2020-05-06T07:08:09.010+02:00.millisecondOf()", [10]),
        # Conversions.
        ("'2020-13'.convertsToDate()", [False]),
        ("'10 \\'mg\\''.toQuantity().toString()", ["10 'mg'"]),
        ("'yes'.toBoolean()", [True]),
        ("'1.0'.toInteger()", []),
        ("1000 'mg'.toQuantity('g') = 1 'g'", [True]),
        # Quantities.
        ("1 'kg' > 999 'g'", [True]),
        ("1 'kg' = 1 'm'", []),
        ("1 'kg' ~ 1 'm'", [False]),
        ("1 year ~ 1 'a'", [True]),
        ("12 months = 1 year", [True]),
        ("3 'm' + 20 'cm' = 3.2 'm'", [True]),
        ("6 'm2' / 2 'm' = 3 'm'", [True]),
        ("2 * 3 'mg' = 6 'mg'", [True]),
        ("37 'Cel' = 310.15 'K'", [True]),
        # Collections.
        ("(1 | 2 | 2.0).count()", [2]),
        ("(3 | 1 | 2).sort(-$this)", [3, 2, 1]),
        ("name.sort(family desc).use", ["usual", "official"]),
        ("(1 | 2 | 3).aggregate($total + $this, 0)", [6]),
        ("(1 | 2).select($index)", [0, 1]),
        ("name.select(given.first()).join('-')", ["Peter-Jim"]),
        ("{}.all(false)", [True]),
        ("coalesce({}, 2, 3)", [2]),
        ("iif({}, 1, 2)", [2]),
        ("iif(true, 1, 1 / 'a')", [1]),
        # Variables.
        ("defineVariable('n', name.count()).select(%n)", [2]),
        ("name.defineVariable('one', first()).select(%one.family)", ["Chalmers", "Chalmers"]),
        ("%resource.id & %context.id & %rootResource.id", ["ppp"]),
        ("contained.select(%rootResource.id)", ["p"]),
        ("%`ext-patient-birthTime`", ["http://hl7.org/fhir/StructureDefinition/patient-birthTime"]),
        # Types.
        ("active is boolean", [True]),
        ("active is System.Boolean", [False]),
        ("name.first().type().name", ["HumanName"]),
        ("contained is DomainResource", [True]),
        ("id is string", [True]),
        ("name.ofType(Element).count()", [2]),
        ("'x'.type().namespace", ["System"]),
        ("children().ofType(Reference).reference", ["Practitioner/1", "#o"]),
        ("elementDefinition().path", ["Patient"]),
        ("multipleBirth.elementDefinition().path", ["Patient.multipleBirth[x]"]),
    ],
)  # fmt: skip
def test_what_an_expression_gives(expression: str, expected: list[Any]) -> None:
    found = [node.value for node in fhirpath.compile(expression).evaluate(PATIENT)]
    shown = [value if value is None or isinstance(value, bool | int | str | Decimal) else str(value) for value in found]

    assert sorted(map(str, shown)) == sorted(map(str, expected)) if "children" in expression else shown == expected


def test_a_quantity_with_a_comparator_takes_no_part_in_comparisons() -> None:
    assert values("referenceRange.low < 2", OBSERVATION) == []
    assert values("value > 80 'kg'", OBSERVATION) == [True]
    assert values("effective <= @2020-12-31", OBSERVATION) == [True]


@pytest.mark.parametrize(
    ("stage", "expression"),
    [
        (SyntaxProblem, "1 +"),
        (SyntaxProblem, "name.(given)"),
        (SyntaxProblem, "'open"),
        (SyntaxProblem, "@2020-02-30"),
        (SyntaxProblem, "a b"),
        (SyntaxProblem, "$that"),
        (SyntaxProblem, "'\\q'"),
        (SyntaxProblem, ""),
        (SemanticProblem, "name.nonsense()"),
        (SemanticProblem, "name.first(1)"),
        (SemanticProblem, "name.where()"),
        (ExecutionProblem, "name.single()"),
        (ExecutionProblem, "1 + 'a'"),
        (ExecutionProblem, "name.given.length()"),
        (ExecutionProblem, "%unheard-of".replace("-", "_")),
        (ExecutionProblem, "active is Nonsense"),
        (ExecutionProblem, "name < name"),
        (ExecutionProblem, "'a'.matches('(')"),
        (ExecutionProblem, "defineVariable('a').defineVariable('a')"),
        (ExecutionProblem, "'male'.memberOf('urn:x')"),
    ],
)
def test_an_expression_fails_at_the_stage_it_should(stage: type[FhirPathProblem], expression: str) -> None:
    with pytest.raises(FhirPathProblem) as failed:
        fhirpath.compile(expression).evaluate(PATIENT)

    assert type(failed.value) is stage


@pytest.mark.parametrize(
    ("expression", "context"),
    [
        ("name.surname", "Patient"),
        ("Observation.code", "Patient"),
        ("valueQuantity.value", "Observation"),
        ("name.upper()", "Patient"),
        ("birthDate + 1", "Patient"),
        ("iif(name.family, 1, 2)", "Patient"),
        ("contact.name.where(birthDate.exists())", "Patient"),
        ("value.ofType(Quantity).start", "Observation"),
        ("extension.value.ofType(Period).code", "Patient"),
        ("name.select(first)", "Patient"),
        ("telecom", "Nonsense"),
    ],
)
def test_what_cannot_mean_anything_on_a_type_is_refused_before_any_data(expression: str, context: str) -> None:
    fhirpath.compile(expression)

    with pytest.raises(SemanticProblem):
        fhirpath.compile(expression, context)


@pytest.mark.parametrize(
    ("expression", "context"),
    [
        ("name.given", "Patient"),
        ("item.repeat(item).linkId", "Questionnaire"),
        ("entry.resource.name", "Bundle"),
        ("managingOrganization.resolve().anything", "Patient"),
        ("descendants().linkId", "Questionnaire"),
        ("value.ofType(Quantity).unit", "Observation"),
        ("contact.name.family.upper()", "Patient"),
        ("extension.value.unit", "Patient"),
        ("$this.name.defineVariable('n').select(%n.family)", "Patient"),
        ("name.family", "PatientContact"),
    ],
)
def test_what_may_mean_something_is_let_pass(expression: str, context: str) -> None:
    assert fhirpath.compile(expression, context).text == expression


def test_positions_in_collections_without_order_are_refused_where_asked() -> None:
    with pytest.raises(SemanticProblem):
        fhirpath.compile("children().first()", "Patient", ordered=True)
    assert fhirpath.compile("children().first()", "Patient")


def test_nodes_know_their_place() -> None:
    found = fhirpath.compile("name.given | birthDate.extension.value | contained.name").evaluate(PATIENT)

    assert [node.path for node in found] == [
        "Patient.name[0].given[0]",
        "Patient.name[0].given[1]",
        "Patient.name[1].given[0]",
        "Patient.name[1].given[1]",
        "Patient.birthDate.extension[0].value.ofType(dateTime)",
        "Patient.contained[0].name",
    ]


def test_the_environment_answers_what_the_data_cannot() -> None:
    told: list[tuple[str, int]] = []
    environment = Environment(
        variables={"limit": 1, "other": {"resourceType": "Patient", "id": "q"}},
        resolve=lambda reference: {"resourceType": "Practitioner", "id": reference.rpartition("/")[2]},
        member_of=lambda node, url: url == "urn:" + str(node.value),
        conforms_to=lambda node, url: url == "urn:mine",
        trace=lambda name, nodes: told.append((name, len(nodes))),
        now=datetime(2026, 3, 1, 12, 30, 1, 5000, tzinfo=UTC),
    )

    assert values("generalPractitioner.resolve().id", environment=environment) == ["1"]
    assert values("name.count() > %limit and %other.id = 'q'", environment=environment) == [True]
    assert values("id.memberOf('urn:p')", environment=environment) == [True]
    assert values("conformsTo('urn:mine')", environment=environment) == [True]
    assert values("name.trace('names').count()", environment=environment) == [2]
    assert told == [("names", 2)]
    assert values("now()", environment=environment) == ["2026-03-01T12:30:01.005Z"]
    assert values("today()", environment=environment) == ["2026-03-01"]


def test_references_in_a_bundle_lead_to_its_entries() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": "http://h.example/Patient/p", "resource": PATIENT},
            {"fullUrl": "urn:uuid:1", "resource": OBSERVATION | {"subject": {"reference": "Patient/p"}}},
        ],
    }

    assert values("entry.resource.ofType(Observation).subject.resolve().id", bundle) == ["p"]


def test_one_expression_may_define_a_variable_on_each_side() -> None:
    assert values("name.defineVariable('n', 1).select(%n) | defineVariable('n', 2).select(%n)") == [1, 2]


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 500 + "1" + ")" * 500,
        "-" * 5000 + "1",
        "1" + ".not()" * 3000,
        "name" + "|name" * 2000,
        "'" + "a" * 30000 + "'",
        "where(" * 200 + "true" + ")" * 200,
        "(1|2|3).repeatAll($this)",
        "'a'.repeatAll($this & 'x')",
        "descendants().select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants()).count()",
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a|aa|a?a)+$')",
        "(1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25).aggregate($total & $total, 'abcdefgh')",
        "'" + "ab" * 100 + "'.replace('', '" + "c" * 9000 + "')",
    ],
    ids=range(12),
)  # fmt: skip
def test_an_expression_made_to_take_for_ever_is_refused(expression: str) -> None:
    with pytest.raises(LimitReached):
        fhirpath.compile(expression).evaluate(PATIENT, Environment(most_steps=50_000))


def test_messages_never_repeat_what_the_data_holds() -> None:
    for expression in ("name.family + 1", "name.given.single()", "name.family.matches('(')"):
        with pytest.raises(FhirPathProblem) as failed:
            fhirpath.compile(expression).evaluate(PATIENT)
        assert "Chalmers" not in failed.value.message


def test_an_expression_is_read_once() -> None:
    assert fhirpath.compile("name.given") is fhirpath.compile("name.given")


def test_a_node_can_be_given_instead_of_a_resource() -> None:
    (name,) = fhirpath.compile("name.first()").evaluate(PATIENT)

    assert isinstance(name, Node)
    assert fhirpath.compile("family = 'Chalmers'").test(name)
    assert not fhirpath.compile("suffix.exists()").test(name)
