"""Illnesses of the demo clinic in SNOMED CT and ICD-10-CM, who gets them, and what is given for them."""

from __future__ import annotations

from typing import NamedTuple


class Diagnosis(NamedTuple):
    """One illness in both code systems."""

    key: str
    snomed: str
    name: str
    icd10: str
    icd10_name: str


class Chronic(NamedTuple):
    """A lasting illness: from which age, how often (share of people at 20, 45, 70), treatment, and who else sees it."""

    diagnosis: Diagnosis
    from_age: int
    to_age: int
    shares: tuple[float, float, float]
    drugs: tuple[str, ...]
    specialty: str = "family"
    only: str | None = None


class Acute(NamedTuple):
    """A short illness: ages, relative frequency, how long it lasts, treatment, tests, and the complaint in the patient's words."""

    diagnosis: Diagnosis
    from_age: float
    to_age: int
    weight: int
    days: int
    drugs: tuple[str, ...]
    complaint: str
    test: str | None = None
    procedure: str | None = None


def diagnosis(key: str, snomed: str, name: str, icd10: str, icd10_name: str | None = None) -> Diagnosis:
    """One illness; the ICD-10-CM words default to the SNOMED ones."""
    return Diagnosis(key, snomed, name, icd10, icd10_name or name)


CHRONIC: tuple[Chronic, ...] = (
    Chronic(diagnosis("obesity", "414916001", "Obesity", "E66.9", "Obesity, unspecified"), 12, 80, (0.14, 0.26, 0.22), ()),
    Chronic(
        diagnosis("hypertension", "59621000", "Essential hypertension", "I10", "Essential (primary) hypertension"),
        25,
        90,
        (0.04, 0.28, 0.58),
        ("lisinopril", "amlodipine"),
    ),
    Chronic(
        diagnosis("diabetes", "44054006", "Type 2 diabetes mellitus", "E11.9", "Type 2 diabetes mellitus without complications"),
        30,
        85,
        (0.01, 0.13, 0.24),
        ("metformin",),
        "endocrinology",
    ),
    Chronic(
        diagnosis("hyperlipidemia", "55822004", "Hyperlipidemia", "E78.5", "Hyperlipidemia, unspecified"),
        25,
        85,
        (0.03, 0.25, 0.45),
        ("atorvastatin",),
    ),
    Chronic(
        diagnosis("asthma", "195967001", "Asthma", "J45.909", "Unspecified asthma, uncomplicated"),
        3,
        50,
        (0.10, 0.07, 0.05),
        ("albuterol", "fluticasone"),
        "pulmonology",
    ),
    Chronic(
        diagnosis(
            "copd", "13645005", "Chronic obstructive pulmonary disease", "J44.9", "Chronic obstructive pulmonary disease, unspecified"
        ),
        45,
        90,
        (0.0, 0.03, 0.12),
        ("fluticasone-salmeterol", "albuterol"),
        "pulmonology",
    ),
    Chronic(
        diagnosis("hypothyroidism", "40930008", "Hypothyroidism", "E03.9", "Hypothyroidism, unspecified"),
        20,
        80,
        (0.01, 0.05, 0.09),
        ("levothyroxine",),
    ),
    Chronic(
        diagnosis("ckd", "433144002", "Chronic kidney disease stage 3", "N18.30", "Chronic kidney disease, stage 3 unspecified"),
        50,
        90,
        (0.0, 0.03, 0.16),
        (),
        "nephrology",
    ),
    Chronic(
        diagnosis(
            "cad",
            "53741008",
            "Coronary arteriosclerosis",
            "I25.10",
            "Atherosclerotic heart disease of native coronary artery without angina pectoris",
        ),
        45,
        90,
        (0.0, 0.04, 0.17),
        ("aspirin", "metoprolol"),
        "cardiology",
    ),
    Chronic(
        diagnosis("afib", "49436004", "Atrial fibrillation", "I48.91", "Unspecified atrial fibrillation"),
        55,
        95,
        (0.0, 0.01, 0.10),
        ("apixaban",),
        "cardiology",
    ),
    Chronic(
        diagnosis("heart-failure", "84114007", "Heart failure", "I50.9", "Heart failure, unspecified"),
        60,
        95,
        (0.0, 0.01, 0.07),
        ("furosemide", "carvedilol"),
        "cardiology",
    ),
    Chronic(
        diagnosis(
            "depression", "370143000", "Major depressive disorder", "F32.9", "Major depressive disorder, single episode, unspecified"
        ),
        14,
        75,
        (0.10, 0.14, 0.09),
        ("sertraline",),
        "psychiatry",
    ),
    Chronic(
        diagnosis("anxiety", "21897009", "Generalized anxiety disorder", "F41.1"),
        12,
        70,
        (0.09, 0.10, 0.05),
        ("escitalopram",),
        "psychiatry",
    ),
    Chronic(
        diagnosis("knee-arthritis", "239873007", "Osteoarthritis of knee", "M17.9", "Osteoarthritis of knee, unspecified"),
        45,
        90,
        (0.0, 0.08, 0.27),
        ("acetaminophen",),
        "orthopedics",
    ),
    Chronic(
        diagnosis("gerd", "235595009", "Gastroesophageal reflux disease", "K21.9", "Gastro-esophageal reflux disease without esophagitis"),
        20,
        85,
        (0.04, 0.13, 0.18),
        ("omeprazole",),
        "gastroenterology",
    ),
    Chronic(
        diagnosis("migraine", "37796009", "Migraine", "G43.909", "Migraine, unspecified, not intractable"),
        12,
        60,
        (0.08, 0.09, 0.03),
        ("naproxen",),
    ),
    Chronic(
        diagnosis(
            "adhd",
            "406506008",
            "Attention deficit hyperactivity disorder",
            "F90.9",
            "Attention-deficit hyperactivity disorder, unspecified type",
        ),
        6,
        25,
        (0.09, 0.03, 0.0),
        ("methylphenidate",),
        "pediatrics",
    ),
    Chronic(
        diagnosis("anemia", "87522002", "Iron deficiency anemia", "D50.9", "Iron deficiency anemia, unspecified"),
        14,
        80,
        (0.05, 0.05, 0.04),
        ("ferrous-sulfate",),
    ),
    Chronic(
        diagnosis("osteoporosis", "64859006", "Osteoporosis", "M81.0", "Age-related osteoporosis without current pathological fracture"),
        55,
        95,
        (0.0, 0.01, 0.19),
        ("alendronate",),
        only="female",
    ),
    Chronic(
        diagnosis(
            "bph", "266569009", "Benign prostatic hyperplasia", "N40.0", "Benign prostatic hyperplasia without lower urinary tract symptoms"
        ),
        50,
        90,
        (0.0, 0.05, 0.28),
        ("tamsulosin",),
        only="male",
    ),
    Chronic(diagnosis("gout", "90560007", "Gout", "M10.9", "Gout, unspecified"), 35, 85, (0.0, 0.03, 0.06), ("allopurinol",)),
    Chronic(
        diagnosis("rheumatoid-arthritis", "69896004", "Rheumatoid arthritis", "M06.9", "Rheumatoid arthritis, unspecified"),
        25,
        75,
        (0.002, 0.01, 0.015),
        ("methotrexate", "folic-acid"),
    ),
    Chronic(
        diagnosis("allergic-rhinitis", "61582004", "Allergic rhinitis", "J30.9", "Allergic rhinitis, unspecified"),
        4,
        60,
        (0.14, 0.12, 0.06),
        ("cetirizine",),
    ),
    Chronic(diagnosis("insomnia", "193462001", "Insomnia", "G47.00", "Insomnia, unspecified"), 25, 85, (0.03, 0.08, 0.10), ("trazodone",)),
    Chronic(diagnosis("prediabetes", "714628002", "Prediabetes", "R73.03"), 25, 80, (0.03, 0.12, 0.14), ()),
    Chronic(
        diagnosis("food-insecurity", "733423003", "Food insecurity", "Z59.41"),
        0,
        90,
        (0.06, 0.06, 0.04),
        (),
        "social-work",
    ),
)
CHRONIC_BY_KEY = {chronic.diagnosis.key: chronic for chronic in CHRONIC}

OPIOID_DEPENDENCE = Chronic(
    diagnosis("opioid-dependence", "75544000", "Opioid dependence", "F11.20", "Opioid dependence, uncomplicated"),
    16,
    80,
    (0.0, 0.0, 0.0),
    ("buprenorphine-naloxone",),
    "addiction",
)
"""Only the Part 2 patient has it: 42 CFR Part 2 records are never scattered by chance."""
