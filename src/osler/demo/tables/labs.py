"""Laboratory tests and panels of the demo clinic (LOINC), with adult reference ranges in conventional US units."""

from __future__ import annotations

from typing import NamedTuple


class Analyte(NamedTuple):
    """One quantitative test: range of healthy adults (None = open end), the usual mean and spread, digits reported."""

    loinc: str
    name: str
    unit: str
    low: float | None
    high: float | None
    mean: float
    spread: float
    digits: int
    shown: str | None = None
    """The unit as printed, when it differs from UCUM."""


class Panel(NamedTuple):
    """One orderable: its own LOINC, its analytes in the order reported, and what is drawn."""

    loinc: str
    name: str
    analytes: tuple[str, ...]
    specimen: str = "blood"


ANALYTES: dict[str, Analyte] = {
    "glucose": Analyte("2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", 70, 99, 90, 7, 0),
    "bun": Analyte("3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", 7, 20, 14, 3, 0),
    "creatinine": Analyte("2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", 0.6, 1.3, 0.9, 0.12, 2),
    "egfr": Analyte(
        "98979-8",
        "Glomerular filtration rate/1.73 sq M.predicted [Volume Rate/Area] in Serum, Plasma or Blood "
        "by Creatinine-based formula (CKD-EPI 2021)",
        "mL/min/{1.73_m2}",
        60,
        None,
        95,
        0,
        0,
        "mL/min/1.73 m2",
    ),
    "sodium": Analyte("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", 136, 145, 140, 1.8, 0),
    "potassium": Analyte("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", 3.5, 5.1, 4.2, 0.3, 1),
    "chloride": Analyte("2075-0", "Chloride [Moles/volume] in Serum or Plasma", "mmol/L", 98, 107, 103, 1.8, 0),
    "co2": Analyte("2028-9", "Carbon dioxide, total [Moles/volume] in Serum or Plasma", "mmol/L", 22, 29, 25.5, 1.6, 0),
    "calcium": Analyte("17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", 8.6, 10.3, 9.4, 0.3, 1),
    "protein": Analyte("2885-2", "Protein [Mass/volume] in Serum or Plasma", "g/dL", 6.0, 8.3, 7.1, 0.4, 1),
    "albumin": Analyte("1751-7", "Albumin [Mass/volume] in Serum or Plasma", "g/dL", 3.5, 5.0, 4.3, 0.25, 1),
    "bilirubin": Analyte("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", "mg/dL", 0.1, 1.2, 0.6, 0.2, 1),
    "alp": Analyte("6768-6", "Alkaline phosphatase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 44, 147, 76, 16, 0),
    "ast": Analyte("1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 10, 40, 23, 5, 0),
    "alt": Analyte("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", 7, 56, 25, 8, 0),
    "wbc": Analyte("6690-2", "Leukocytes [#/volume] in Blood by Automated count", "10*3/uL", 4.5, 11.0, 7.0, 1.3, 1),
    "rbc": Analyte("789-8", "Erythrocytes [#/volume] in Blood by Automated count", "10*6/uL", 4.1, 5.9, 4.8, 0.25, 2),
    "hemoglobin": Analyte("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", 12.0, 17.5, 14.2, 0.6, 1),
    "hematocrit": Analyte("4544-3", "Hematocrit [Volume Fraction] of Blood by Automated count", "%", 36, 51, 42.5, 1.5, 1),
    "mcv": Analyte("787-2", "MCV [Entitic volume] by Automated count", "fL", 80, 100, 89, 3, 1),
    "mch": Analyte("785-6", "MCH [Entitic mass] by Automated count", "pg", 27, 33, 29.8, 1, 1),
    "mchc": Analyte("786-4", "MCHC [Mass/volume] by Automated count", "g/dL", 32, 36, 33.6, 0.5, 1),
    "rdw": Analyte("788-0", "Erythrocyte distribution width [Ratio] by Automated count", "%", 11.5, 14.5, 13.0, 0.5, 1),
    "platelets": Analyte("777-3", "Platelets [#/volume] in Blood by Automated count", "10*3/uL", 150, 400, 250, 40, 0),
    "cholesterol": Analyte("2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", None, 200, 185, 0, 0),
    "triglycerides": Analyte("2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", None, 150, 115, 25, 0),
    "hdl": Analyte("2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", 40, None, 54, 8, 0),
    "ldl": Analyte("13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "mg/dL", None, 130, 105, 12, 0),
    "a1c": Analyte("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", 4.0, 5.6, 5.3, 0.15, 1),
    "tsh": Analyte("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "m[IU]/L", 0.4, 4.5, 1.9, 0.5, 2, "mIU/L"),
    "ft4": Analyte("3024-7", "Thyroxine (T4) free [Mass/volume] in Serum or Plasma", "ng/dL", 0.8, 1.8, 1.25, 0.12, 2),
    "ferritin": Analyte("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", "ng/mL", 15, 200, 80, 20, 0),
    "inr": Analyte("6301-6", "INR in Platelet poor plasma by Coagulation assay", "{INR}", 0.9, 1.1, 1.0, 0.05, 1, "INR"),
    "acr": Analyte("14959-1", "Microalbumin/Creatinine [Mass Ratio] in Urine", "mg/g{creat}", None, 30, 9, 3, 0, "mg/g creat"),
    "crp": Analyte("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", "mg/L", None, 8.0, 2.0, 0.8, 1),
    "uric-acid": Analyte("3084-1", "Urate [Mass/volume] in Serum or Plasma", "mg/dL", 3.5, 7.2, 5.5, 0.5, 1),
    "psa": Analyte("2857-1", "Prostate specific Ag [Mass/volume] in Serum or Plasma", "ng/mL", None, 4.0, 1.4, 0.4, 2),
    "bnp": Analyte("30934-4", "Natriuretic peptide B [Mass/volume] in Serum or Plasma", "pg/mL", None, 100, 35, 10, 0),
    "newborn-bilirubin": Analyte("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", "mg/dL", None, 12.0, 6.5, 1.2, 1),
    "lead": Analyte("77307-7", "Lead [Mass/volume] in Venous blood", "ug/dL", None, 3.5, 1.2, 0.4, 1),
    "urine-ph": Analyte("5803-2", "pH of Urine by Test strip", "[pH]", 5.0, 8.0, 6.0, 0.5, 1, "pH"),
    "urine-sg": Analyte("5811-5", "Specific gravity of Urine by Test strip", "{ratio}", 1.005, 1.03, 1.016, 0.005, 3, "ratio"),
}

BMP = ("glucose", "bun", "creatinine", "egfr", "sodium", "potassium", "chloride", "co2", "calcium")
PANELS: dict[str, Panel] = {
    "bmp": Panel("51990-0", "Basic metabolic panel - Blood", BMP),
    "cmp": Panel(
        "24323-8",
        "Comprehensive metabolic 2000 panel - Serum or Plasma",
        (*BMP, "protein", "albumin", "bilirubin", "alp", "ast", "alt"),
    ),
    "cbc": Panel(
        "58410-2",
        "CBC panel - Blood by Automated count",
        ("wbc", "rbc", "hemoglobin", "hematocrit", "mcv", "mch", "mchc", "rdw", "platelets"),
    ),
    "lipid": Panel("24331-1", "Lipid 1996 panel - Serum or Plasma", ("cholesterol", "triglycerides", "hdl", "ldl")),
    "a1c": Panel("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", ("a1c",)),
    "thyroid": Panel("24348-5", "Free T4 and TSH panel - Serum or Plasma", ("tsh", "ft4")),
    "tsh": Panel("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", ("tsh",)),
    "ferritin": Panel("2276-4", "Ferritin [Mass/volume] in Serum or Plasma", ("ferritin",)),
    "inr": Panel("6301-6", "INR in Platelet poor plasma by Coagulation assay", ("inr",)),
    "acr": Panel("14959-1", "Microalbumin/Creatinine [Mass Ratio] in Urine", ("acr",), "urine"),
    "crp": Panel("1988-5", "C reactive protein [Mass/volume] in Serum or Plasma", ("crp",)),
    "uric-acid": Panel("3084-1", "Urate [Mass/volume] in Serum or Plasma", ("uric-acid",)),
    "psa": Panel("2857-1", "Prostate specific Ag [Mass/volume] in Serum or Plasma", ("psa",)),
    "bnp": Panel("30934-4", "Natriuretic peptide B [Mass/volume] in Serum or Plasma", ("bnp",)),
    "lead": Panel("77307-7", "Lead [Mass/volume] in Venous blood", ("lead",)),
    "newborn-bilirubin": Panel("1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma", ("newborn-bilirubin",)),
    "urinalysis": Panel("24357-6", "Urinalysis macro (dipstick) panel - Urine", ("urine-sg", "urine-ph"), "urine"),
    "strep": Panel("78012-2", "Streptococcus pyogenes Ag [Presence] in Throat by Rapid immunoassay", (), "throat"),
    "influenza": Panel("80382-5", "Influenza virus A Ag [Presence] in Upper respiratory specimen by Rapid immunoassay", (), "nasal"),
    "covid": Panel(
        "94500-6",
        "SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection",
        (),
        "nasal",
    ),
}
"""Panels without analytes report one coded finding: detected or not detected."""

SPECIMENS: dict[str, tuple[str, str]] = {
    "blood": ("119297000", "Blood specimen"),
    "urine": ("122575003", "Urine specimen"),
    "throat": ("258529004", "Throat swab"),
    "nasal": ("258500001", "Nasopharyngeal swab"),
}
SITES: dict[str, tuple[str, str]] = {
    "blood": ("368208006", "Left upper arm structure"),
    "throat": ("54066008", "Pharyngeal structure"),
    "nasal": ("71836000", "Nasopharyngeal structure"),
}
"""Where a specimen is taken from."""
