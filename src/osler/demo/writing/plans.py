"""Who cares for the patient and towards what: CareTeam, Goal, CarePlan."""

from __future__ import annotations

from osler.demo.chart import Chart
from osler.demo.codes import LOINC, SNOMED, Json, concept, hl7, later, profile, quantity, ref
from osler.demo.staff import BY_SPECIALTY, ORGANIZATION_REF
from osler.demo.tables.staff import ORGANIZATION_NAME
from osler.demo.writing.problems import assess_plan_tag

GOALS: dict[str, tuple[str, str, str, float, str]] = {
    "diabetes": ("Hemoglobin A1c below 7 percent", "4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", 7.0, "%"),
    "hypertension": ("Systolic blood pressure below 130 mmHg", "8480-6", "Systolic blood pressure", 130, "mm[Hg]"),
    "obesity": ("Body mass index below 30", "39156-5", "Body mass index (BMI) [Ratio]", 30, "kg/m2"),
    "hyperlipidemia": (
        "LDL cholesterol below 100 mg/dL",
        "13457-7",
        "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation",
        100,
        "mg/dL",
    ),
}
PLANS = {
    "diabetes": ("698360004", "Diabetes self management plan"),
    "hypertension": ("443402002", "Lifestyle education regarding hypertension"),
    "asthma": ("699728000", "Asthma self management"),
    "heart-failure": ("735985000", "Heart failure self management plan"),
}


def write_care_team(chart: Chart) -> None:
    """The people who look after this patient."""
    if not chart.person.visits:
        return
    members: list[Json] = [
        {"role": [concept(SNOMED, "116154003", "Patient")], "member": ref(f"Patient/{chart.person.id}")},
        {"role": [concept(SNOMED, "446050000", "Primary care provider")], "member": ref(chart.pcp.reference, chart.pcp.display)},
    ]
    specialties = {p.chronic.specialty for p in chart.person.problems if p.key in chart.conditions} - {"family", "addiction", "pediatrics"}
    for specialty in sorted(specialties)[:3]:
        one = chart.choose(specialty)
        members.append({"role": [concept(SNOMED, "224529009", "Clinical specialist")], "member": ref(one.reference, one.display)})
    if chart.once("care coordinator", 0.3):
        nurse = chart.choice("care coordinator", BY_SPECIALTY["nurse"])
        coordinator = [concept(SNOMED, "768820003", "Care coordinator")]
        members.append({"role": coordinator, "member": ref(f"PractitionerRole/role-{nurse.id}", nurse.display)})
    caregiver = [concept(SNOMED, "133932002", "Caregiver")]
    members += [{"role": caregiver, "member": ref(f"RelatedPerson/{one['id']}")} for one in chart.of_type("RelatedPerson")]
    body: Json = {
        "status": "inactive" if chart.person.died else "active",
        "name": "Primary care team",
        "subject": chart.subject,
        "period": {"start": chart.person.visits[0].day.isoformat()},
        "participant": members,
        "managingOrganization": [ref(ORGANIZATION_REF, ORGANIZATION_NAME)],
    }
    chart.add("CareTeam", body, profile("careteam"))


def write_goals_and_plans(chart: Chart) -> None:
    """Goals with a measure, and a plan of care that names them."""
    team = chart.of_type("CareTeam")
    for problem in chart.person.problems:
        if problem.key not in chart.conditions or problem.key not in (*GOALS, *PLANS):
            continue
        goals = [_goal(chart, problem.key)] if problem.key in GOALS else []
        if problem.key in PLANS:
            _plan(chart, problem.key, goals, ref(f"CareTeam/{team[0]['id']}"))


def _since(chart: Chart, key: str) -> str:
    onset = next(p.onset for p in chart.person.problems if p.key == key)
    return next(visit.day for visit in chart.person.visits if visit.day >= onset).isoformat()


def _goal(chart: Chart, key: str) -> Json:
    words, code, measure, limit, unit = GOALS[key]
    body: Json = {
        "lifecycleStatus": "cancelled" if chart.person.died else "active",
        "achievementStatus": hl7("goal-achievement", "in-progress", "In Progress"),
        "description": concept(LOINC, code, measure, words),
        "subject": chart.subject,
        "startDate": _since(chart, key),
        "target": [
            {
                "measure": concept(LOINC, code, measure),
                "detailQuantity": quantity(limit, unit) | {"comparator": "<"},
                "dueDate": later(chart.as_of, months=6).isoformat(),
            }
        ],
        "expressedBy": ref(chart.pcp.reference, chart.pcp.display),
        "addresses": [ref(chart.conditions[key])],
    }
    return ref(chart.add("Goal", body, profile("goal")))


def _plan(chart: Chart, key: str, goals: list[Json], team: Json) -> None:
    code, words = PLANS[key]
    advice = "medicines as prescribed, home readings, review every three to six months"
    text = f'<div xmlns="http://www.w3.org/1999/xhtml">{words}: {advice}.</div>'
    body: Json = {
        "text": {"status": "generated", "div": text},
        "status": "revoked" if chart.person.died else "active",
        "intent": "plan",
        "category": [assess_plan_tag()],
        "title": words,
        "subject": chart.subject,
        "period": {"start": _since(chart, key)},
        "author": ref(chart.pcp.reference, chart.pcp.display),
        "careTeam": [team],
        "addresses": [ref(chart.conditions[key])],
    }
    if goals:
        body["goal"] = goals
    body["activity"] = [
        {"detail": {"kind": "ServiceRequest", "code": concept(SNOMED, code, words), "status": "in-progress", "description": words}}
    ]
    chart.add("CarePlan", body, profile("careplan"))
