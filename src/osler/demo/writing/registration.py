"""Front-desk facts: Patient, RelatedPerson, Coverage. US Core 7: http://hl7.org/fhir/us/core/StructureDefinition-us-core-patient.html"""

from __future__ import annotations

from datetime import timedelta

from osler.demo.chart import Chart
from osler.demo.codes import HL7, MEMBER, MRN, SNOMED, US_CORE, Json, coding, concept, hl7, later, moment, profile, ref
from osler.demo.staff import ORGANIZATION_REF
from osler.demo.tables.names import LANGUAGES, RACES
from osler.demo.tables.staff import ORGANIZATION_NAME, PAYERS

OMB = "urn:oid:2.16.840.1.113883.6.238"
NULL_FLAVOR = HL7 + "v3-NullFlavor"
RACE = {key: (code, name) for key, code, name, _ in RACES}
CONTACTS = {"PRN": ("Parent", "N"), "SPS": ("Spouse", "C"), "FRND": ("Friend", "C"), "CHILD": ("Child", "C")}


def write_patient(chart: Chart) -> None:
    """The person as the front desk knows them."""
    person, home = chart.person, chart.person.household
    body: Json = {
        "extension": _extensions(chart),
        "identifier": [
            {
                "use": "usual",
                "type": {"coding": [coding(HL7 + "v2-0203", "MR", "Medical record number")], "text": "Medical record number"},
                "system": MRN,
                "value": person.mrn,
                "assigner": ref(ORGANIZATION_REF, ORGANIZATION_NAME),
            }
        ],
        "active": True,
        "name": _names(chart),
        "telecom": _telecom(chart),
        "gender": person.sex,
        "birthDate": person.birth_text or person.born.isoformat(),
    }
    if person.died:
        body["deceasedDateTime"] = moment(person.died, 5 * 60 + chart.rng.randrange(600))
    body["address"] = _addresses(chart)
    if person.age(chart.as_of) >= 18:
        body["maritalStatus"] = hl7("v3-MaritalStatus", "M", "Married") if person.married else hl7("v3-MaritalStatus", "S", "Never Married")
    if person.contact:
        body["contact"] = [_contact(*person.contact, home.phone)]
    body["communication"] = [{"language": concept("urn:ietf:bcp:47", home.language, LANGUAGES[home.language]), "preferred": True}]
    body["generalPractitioner"] = [ref(chart.pcp.reference, chart.pcp.display)]
    body["managingOrganization"] = ref(ORGANIZATION_REF, ORGANIZATION_NAME)
    chart.add("Patient", body, profile("patient"), person.id)
    if person.guardian:
        _write_guardian(chart, *person.guardian)


def _names(chart: Chart) -> list[Json]:
    person = chart.person
    name: Json = {"use": "official", "text": " ".join((*person.given, person.family)), "family": person.family, "given": list(person.given)}
    if person.prefix:
        name["prefix"] = [person.prefix]
    if person.suffix:
        name["suffix"] = [person.suffix]
    names = [name]
    if person.former_family:
        married = later(person.born, 27)
        name["period"] = {"start": married.isoformat()}
        old = {"use": "old", "family": person.former_family, "given": list(person.given), "period": {"end": married.isoformat()}}
        names.append(old)
    return names


def _telecom(chart: Chart) -> list[Json]:
    person = chart.person
    found: list[Json] = [{"system": "phone", "value": person.household.phone, "use": "home", "rank": 2}]
    if person.age(chart.as_of) >= 14:
        mobile = f"{person.household.phone[:3]}-555-{100 + int(person.mrn) % 100:04d}"
        found.insert(0, {"system": "phone", "value": mobile, "use": "mobile", "rank": 1})
        found.append({"system": "email", "value": f"mrn{person.mrn}@mail.example", "use": "home"})
    return found


def _addresses(chart: Chart) -> list[Json]:
    home = chart.person.household
    here: Json = {"use": "home", "line": [home.line], "city": home.city, "state": "AZ", "postalCode": home.postal_code, "country": "US"}
    if (chart.rng.random() >= 0.15 and not chart.person.complete) or chart.person.age(chart.as_of) < 5:
        return [here]
    moved = chart.as_of - timedelta(days=chart.rng.randint(200, 1500))
    here["period"] = {"start": moved.isoformat()}
    before = {
        "use": "old",
        "line": [f"{chart.rng.randint(100, 999)} W Old Pueblo Way"],
        "city": "Tucson",
        "state": "AZ",
        "postalCode": "85745",
    }
    return [here, before | {"country": "US", "period": {"end": moved.isoformat()}}]


def _contact(name: str, relation: str, phone: str) -> Json:
    given, _, family = name.partition(" ")
    words, role = CONTACTS[relation]
    return {
        "relationship": [hl7("v2-0131", role), concept(HL7 + "v3-RoleCode", relation, words)],
        "name": {"use": "official", "family": family, "given": [given]},
        "telecom": [{"system": "phone", "value": phone, "use": "home"}],
    }


def _extensions(chart: Chart) -> list[Json]:
    person = chart.person
    code, name = RACE[person.race]
    race = {"url": "ombCategory", "valueCoding": coding(NULL_FLAVOR if person.race == "declined" else OMB, code, name)}
    hispanic = person.ethnicity == "hispanic"
    ethnicity = coding(OMB, "2135-2", "Hispanic or Latino") if hispanic else coding(OMB, "2186-5", "Not Hispanic or Latino")
    female = person.sex == "female"
    found: list[Json] = [
        {"url": US_CORE + "race", "extension": [race, {"url": "text", "valueString": name}]},
        {
            "url": US_CORE + "ethnicity",
            "extension": [{"url": "ombCategory", "valueCoding": ethnicity}, {"url": "text", "valueString": ethnicity["display"]}],
        },
        {"url": US_CORE + "birthsex", "valueCode": "F" if female else "M"},
        {"url": US_CORE + "sex", "valueCode": "248152002" if female else "248153007"},
    ]
    if person.race == "native":
        tribe = concept(HL7 + "v3-TribalEntityUS", "170", "Navajo Nation, Arizona, New Mexico, & Utah")
        enrolled = {"url": "isEnrolled", "valueBoolean": True}
        found.append(
            {"url": US_CORE + "tribal-affiliation", "extension": [{"url": "tribalAffiliation", "valueCodeableConcept": tribe}, enrolled]}
        )
    if person.age(chart.as_of) >= 18:
        found.append({"url": US_CORE + "genderIdentity", "valueCodeableConcept": _gender_identity(chart)})
    if person.interpreter:
        needed = coding(SNOMED, "373066001", "Yes")
        found.append({"url": US_CORE + "interpreter-needed", "valueCoding": needed})
    return found


def _gender_identity(chart: Chart) -> Json:
    chosen, female = chart.person.gender_identity, chart.person.sex == "female"
    if chosen == "non-binary":
        return concept(SNOMED, "33791000087105", "Identifies as nonbinary gender")
    if chosen == "transgender":
        female = not female
    return (
        concept(SNOMED, "446141000124107", "Identifies as female gender")
        if female
        else concept(SNOMED, "446151000124109", "Identifies as male gender")
    )


def _write_guardian(chart: Chart, name: str, sex: str) -> None:
    given, _, family = name.partition(" ")
    home = chart.person.household
    relation = ("MTH", "mother") if sex == "female" else ("FTH", "father")
    chart.add(
        "RelatedPerson",
        {
            "active": True,
            "patient": chart.subject,
            "relationship": [concept(HL7 + "v3-RoleCode", *relation)],
            "name": [{"use": "official", "family": family, "given": [given]}],
            "telecom": [{"system": "phone", "value": home.phone, "use": "home"}],
            "gender": sex,
            "address": [{"line": [home.line], "city": home.city, "state": "AZ", "postalCode": home.postal_code, "country": "US"}],
        },
        profile("relatedperson"),
    )


def write_coverage(chart: Chart) -> None:
    """How the visits are paid; a few people have nothing."""
    person = chart.person
    payer = "payer-medicare" if person.age(chart.as_of) >= 65 else person.household.payer
    if payer is None:
        return
    name, kind, words = PAYERS[payer]
    member = f"{payer[6:9].upper()}{person.mrn}"
    start = max(person.born, chart.as_of.replace(month=1, day=1) - timedelta(days=365 * 2))
    dependent = person.guardian is not None
    chart.add(
        "Coverage",
        {
            "identifier": [{"type": {"coding": [coding(HL7 + "v2-0203", "MB", "Member Number")]}, "system": MEMBER, "value": member}],
            "status": "active",
            "type": concept(HL7 + "v3-ActCode", kind, words),
            "subscriberId": member,
            "beneficiary": chart.subject,
            "relationship": hl7("subscriber-relationship", "child" if dependent else "self"),
            "period": {"start": start.isoformat()},
            "payor": [ref(f"Organization/{payer}", name)],
            "class": [
                {"type": hl7("coverage-class", "group"), "value": f"G{int(person.mrn) % 900 + 100}"},
                {"type": hl7("coverage-class", "plan"), "value": kind, "name": name},
            ],
        },
        profile("coverage"),
    )
