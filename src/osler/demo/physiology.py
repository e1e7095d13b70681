"""How bodies and blood change with age, illness and treatment: every measured value of the demo clinic comes from here.

Growth follows round figures near the WHO/CDC medians; eGFR is CKD-EPI 2021; glucose follows A1c by the ADAG regression.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import date
from random import Random

from osler.demo.model import Person
from osler.demo.tables.labs import ANALYTES

AGES = (0, 2, 4, 6, 9, 12, 18, 24, 36, 48, 60, 72, 84, 96, 108, 120, 132, 144, 156, 168, 180, 192, 204, 216)
HEIGHT = {
    "male": (
        49.9,
        58.4,
        63.9,
        67.6,
        72.0,
        75.7,
        82.3,
        86.8,
        95.5,
        102.5,
        109,
        115.5,
        122,
        128,
        133.5,
        138.5,
        143.5,
        149,
        156,
        164,
        170,
        173.5,
        175.3,
        176.5,
    ),
    "female": (
        49.1,
        57.1,
        62.1,
        65.7,
        70.1,
        74.0,
        80.7,
        85.7,
        94.5,
        101,
        108,
        115,
        121.5,
        127.5,
        133,
        138,
        144,
        151,
        157,
        160.3,
        161.8,
        162.5,
        163,
        163.2,
    ),
}
WEIGHT = {
    "male": (
        3.4,
        5.6,
        7.0,
        7.9,
        8.9,
        9.6,
        10.9,
        12.2,
        14.3,
        16.3,
        18.5,
        20.8,
        23.1,
        25.6,
        28.6,
        32.1,
        36,
        40.5,
        45.6,
        51,
        56.3,
        60.9,
        64.6,
        67.2,
    ),
    "female": (
        3.2,
        5.1,
        6.4,
        7.3,
        8.2,
        8.9,
        10.2,
        11.5,
        13.9,
        15.9,
        18,
        20.3,
        22.9,
        25.8,
        29.1,
        33,
        37,
        41.8,
        45.8,
        49.4,
        52.1,
        53.9,
        55.1,
        56.2,
    ),
}
HEAD = {
    "male": (34.5, 39.1, 41.6, 43.3, 45.0, 46.1, 47.4, 48.3, 49.5),
    "female": (33.9, 38.3, 40.6, 42.2, 43.8, 44.9, 46.2, 47.2, 48.5),
}


def _at(months: float, values: tuple[float, ...]) -> float:
    """The value at this age between the two nearest table ages."""
    place = bisect_right(AGES, months, hi=len(values))
    if place >= len(values):
        return values[-1]
    low, high = AGES[place - 1], AGES[place]
    return values[place - 1] + (values[place] - values[place - 1]) * (months - low) / (high - low)


def height_cm(person: Person, day: date) -> float:
    """Length or height: the median for age, moved by this person's own tallness; the old lose a little."""
    age = person.age(day)
    shrink = max(0.0, age - 60) * 0.08
    return round(_at(age * 12, HEIGHT[person.sex]) * (1 + 0.038 * person.height_z) - shrink, 1)


def weight_kg(person: Person, day: date, rng: Random) -> float:
    """Weight: growth in children, then the person's own adult BMI, with a slow gain in midlife and daily noise."""
    age = person.age(day)
    bulk = person.adult_bmi / 22.5
    if age < 18:
        lean = 1 + (bulk - 1) * min(1.0, age / 14)
        weight = _at(age * 12, WEIGHT[person.sex]) * lean * (1 + 0.06 * person.height_z)
        return round(weight * rng.gauss(1, 0.012), 2 if age < 2 else 1)
    drift = 1 + 0.004 * (min(age, 65) - 45) + 0.012 * math.sin(day.toordinal() / 190 + person.height_z)
    metres = height_cm(person, day) / 100
    return round(person.adult_bmi * drift * metres * metres * rng.gauss(1, 0.006), 1)


def head_cm(person: Person, day: date) -> float:
    """Head circumference of an infant."""
    return round(_at(person.age(day) * 12, HEAD[person.sex]) * (1 + 0.012 * person.height_z), 1)


def percentiles(person: Person, day: date) -> dict[str, int]:
    """Where a child stands among children of the same age and sex: body mass, weight for length, head."""
    age = person.age(day)
    mass, head = (person.adult_bmi - 23.5) / 4.4, 0.9 * person.height_z
    found: dict[str, int] = {}
    if 2 <= age < 20:
        found["pediatric-bmi-for-age"] = _percentile(mass)
    if age < 3:
        found |= {"pediatric-weight-for-height": _percentile(mass), "head-occipital-frontal-circumference-percentile": _percentile(head)}
    return found


def _percentile(deviations: float) -> int:
    return max(1, min(99, round(50 * (1 + math.erf(deviations / math.sqrt(2))))))


def blood_pressure(person: Person, day: date, rng: Random) -> tuple[int, int]:
    """Systolic and diastolic in mmHg: higher with age, weight and untreated hypertension; treatment works over weeks."""
    age = person.age(day)
    if age < 18:
        return round(rng.gauss(88 + age * 1.7, 5)), round(rng.gauss(52 + age * 1.0, 4))
    systolic = 110 + 0.28 * (age - 20) + 0.4 * (person.adult_bmi - 24)
    diastolic = 70 + 0.08 * (age - 20) + 0.25 * (person.adult_bmi - 24)
    if problem := person.problem("hypertension", day):
        burden = 1 - 0.8 * _response(problem.treated, day, 30)
        systolic += 24 * burden
        diastolic += 13 * burden
    high = max(94, min(208, round(rng.gauss(systolic, 6))))
    return high, max(52, min(high - 22, round(rng.gauss(diastolic, 4.5))))


def heart_rate(person: Person, day: date, fever: bool, rng: Random) -> int:
    """Beats a minute: fast in infants, slower with age, faster with fever."""
    age = person.age(day)
    base = 138 - age * 16 if age < 2 else 106 - (age - 2) * 2 if age < 18 else 73
    return round(rng.gauss(base + (16 if fever else 0), 6))


def breaths(person: Person, day: date, fever: bool, rng: Random) -> int:
    """Breaths a minute."""
    age = person.age(day)
    base = 42 - age * 8 if age < 2 else 25 - (age - 2) * 0.6 if age < 18 else 15
    return max(10, round(rng.gauss(base + (3 if fever else 0), 1.5)))


def _response(start: date | None, day: date, half_life: float) -> float:
    """How much of a treatment's full effect (0 to 1) is reached by `day`."""
    return 0.0 if start is None or day <= start else 1 - 0.5 ** ((day - start).days / half_life)


def _own(person: Person, analyte: str) -> float:
    """This person's own usual value: people differ from one another more than from themselves."""
    table = ANALYTES[analyte]
    return table.mean + table.spread * 0.7 * Random(f"{person.seed}/{analyte}").gauss(0, 1)


def a1c(person: Person, day: date) -> float:
    """Hemoglobin A1c: 8.3 to 11 % when diabetes is found, falling towards 7 % in the months after metformin is begun."""
    own = _own(person, "a1c")
    if problem := person.problem("diabetes", day):
        high = 8.3 + 2.7 * Random(f"{person.seed}/a1c-at-onset").random()
        goal = 6.5 + 1.0 * Random(f"{person.seed}/a1c-goal").random()
        return high - (high - goal) * _response(problem.treated, day, 75)
    return own + 0.75 if person.problem("prediabetes", day) else own


def creatinine(person: Person, day: date) -> float:
    """Serum creatinine: by sex and size, rising slowly in chronic kidney disease, low in children."""
    age = person.age(day)
    own = _own(person, "creatinine") + (0.08 if person.sex == "male" else -0.12)
    if age < 18:
        return own * (0.35 + 0.65 * age / 18)
    if problem := person.problem("ckd", day):
        return own + 0.55 + 0.05 * (day - problem.onset).days / 365
    return own


def egfr(creatinine_mg_dl: float, age: float, sex: str) -> float:
    """CKD-EPI 2021 creatinine equation, https://doi.org/10.1056/NEJMoa2102953."""
    kappa, alpha, factor = (0.7, -0.241, 1.012) if sex == "female" else (0.9, -0.302, 1.0)
    ratio = creatinine_mg_dl / kappa
    return float(142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**age * factor)


def lab_values(person: Person, analytes: tuple[str, ...], day: date, rng: Random) -> dict[str, float]:
    """The values one draw gives, coherent with each other and with the person's illnesses and treatment."""
    values = {name: rng.gauss(_own(person, name), ANALYTES[name].spread * 0.45) for name in analytes}
    age = person.age(day)
    if "a1c" in values:
        values["a1c"] = rng.gauss(a1c(person, day), 0.12)
    if "glucose" in values and (person.problem("diabetes", day) or person.problem("prediabetes", day)):
        values["glucose"] = max(72, rng.gauss(28.7 * a1c(person, day) - 46.7, 14) * 0.94)
    if "creatinine" in values:
        values["creatinine"] = max(0.2, rng.gauss(creatinine(person, day), 0.05))
        if "egfr" in values:
            values["egfr"] = min(140.0, egfr(values["creatinine"], max(age, 18), person.sex))
        if person.problem("ckd", day):
            values["bun"] = values.get("bun", 14) + 14
    _blood_count(person, values, day, rng)
    _lipids(person, values, day, rng)
    _single_tests(person, values, day, rng)
    return {name: round(max(value, 0.0), ANALYTES[name].digits) for name, value in values.items() if name in analytes}


def _blood_count(person: Person, values: dict[str, float], day: date, rng: Random) -> None:
    if "hemoglobin" not in values and "ferritin" not in values:
        return
    anemia = person.problem("anemia", day)
    deficit = 1 - _response(anemia.treated, day, 60) if anemia else 0.0
    if "ferritin" in values and anemia:
        values["ferritin"] = max(4.0, rng.gauss(8 + 40 * (1 - deficit), 2))
    if "hemoglobin" not in values:
        return
    usual = 14.9 if person.sex == "male" and person.age(day) > 14 else 13.6 if person.age(day) > 12 else 12.7
    hemoglobin = rng.gauss(usual - 3.6 * deficit, 0.35)
    size = rng.gauss(89 - 15 * deficit, 1.5)
    hematocrit = hemoglobin / rng.gauss(33.6 - 1.8 * deficit, 0.3) * 100
    red = hematocrit * 10 / size
    values |= {
        "hemoglobin": hemoglobin,
        "hematocrit": hematocrit,
        "mcv": size,
        "rbc": red,
        "mch": hemoglobin * 10 / red,
        "mchc": hemoglobin / hematocrit * 100,
        "rdw": rng.gauss(13 + 3.5 * deficit, 0.3),
    }


def _lipids(person: Person, values: dict[str, float], day: date, rng: Random) -> None:
    if "ldl" not in values:
        return
    high = person.problem("hyperlipidemia", day)
    values["ldl"] = rng.gauss(max(60, _own(person, "ldl")) + (68 * (1 - 0.9 * _response(high.treated, day, 21)) if high else 0), 6)
    values["triglycerides"] = max(45, rng.gauss(_own(person, "triglycerides") + 2.2 * (person.adult_bmi - 25), 14))
    values["cholesterol"] = round(values["ldl"]) + round(values["hdl"]) + round(values["triglycerides"]) / 5


def _single_tests(person: Person, values: dict[str, float], day: date, rng: Random) -> None:
    if "tsh" in values and (thyroid := person.problem("hypothyroidism", day)):
        lack = 1 - _response(thyroid.treated, day, 35)
        values["tsh"] = max(0.4, rng.gauss(2.2 + 9.5 * lack, 0.4))
        if "ft4" in values:
            values["ft4"] = rng.gauss(1.25 - 0.6 * lack, 0.06)
    if "uric-acid" in values and (gout := person.problem("gout", day)):
        values["uric-acid"] = rng.gauss(8.8 - 3.0 * _response(gout.treated, day, 40), 0.3)
    if "acr" in values and person.problem("ckd", day):
        values["acr"] = max(20, rng.gauss(110, 25))
    if "bnp" in values and (failing := person.problem("heart-failure", day)):
        values["bnp"] = max(60, rng.gauss(620 - 380 * _response(failing.treated, day, 60), 60))
    if "inr" in values and person.problem("afib", day):
        values["inr"] = max(1.5, rng.gauss(2.5, 0.35))
