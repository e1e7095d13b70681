"""Medicines of the demo clinic: RxNorm clinical drugs with the directions a prescriber would write."""

from __future__ import annotations

from typing import NamedTuple


class Drug(NamedTuple):
    """One clinical drug, its directions (text, doses a day, amount, unit), and how much is dispensed."""

    rxnorm: str
    name: str
    directions: str
    per_day: int
    dose: float
    unit: str
    supply: int
    days: int
    as_needed: bool = False
    refills: int = 0
    every: int = 1
    period: str = "d"
    """`per_day` times every `every` days or weeks."""


TABLET, CAPSULE, PUFF, ML = "{tbl}", "{capsule}", "{puff}", "mL"

DRUGS: dict[str, Drug] = {
    "lisinopril": Drug("314076", "lisinopril 10 MG Oral Tablet", "Take 1 tablet by mouth every morning", 1, 1, TABLET, 90, 90, False, 3),
    "amlodipine": Drug("197361", "amlodipine 5 MG Oral Tablet", "Take 1 tablet by mouth once daily", 1, 1, TABLET, 90, 90, False, 3),
    "hydrochlorothiazide": Drug(
        "310798", "hydrochlorothiazide 25 MG Oral Tablet", "Take 1 tablet by mouth every morning", 1, 1, TABLET, 90, 90, False, 3
    ),
    "losartan": Drug("979492", "losartan potassium 50 MG Oral Tablet", "Take 1 tablet by mouth once daily", 1, 1, TABLET, 90, 90, False, 3),
    "metformin": Drug(
        "860975",
        "24 HR metformin hydrochloride 500 MG Extended Release Oral Tablet",
        "Take 2 tablets by mouth every evening with supper",
        1,
        2,
        TABLET,
        180,
        90,
        False,
        3,
    ),
    "empagliflozin": Drug(
        "1545653", "empagliflozin 10 MG Oral Tablet", "Take 1 tablet by mouth every morning", 1, 1, TABLET, 90, 90, False, 3
    ),
    "atorvastatin": Drug("617310", "atorvastatin 20 MG Oral Tablet", "Take 1 tablet by mouth at bedtime", 1, 1, TABLET, 90, 90, False, 3),
    "albuterol": Drug(
        "745679",
        "200 ACTUAT albuterol 0.09 MG/ACTUAT Metered Dose Inhaler",
        "Inhale 2 puffs every 4 to 6 hours as needed for wheezing",
        4,
        2,
        PUFF,
        1,
        30,
        True,
        2,
    ),
    "fluticasone": Drug(
        "895994",
        "120 ACTUAT fluticasone propionate 0.044 MG/ACTUAT Metered Dose Inhaler",
        "Inhale 2 puffs twice daily, rinse mouth afterwards",
        2,
        2,
        PUFF,
        1,
        30,
        False,
        5,
    ),
    "fluticasone-salmeterol": Drug(
        "896209",
        "60 ACTUAT fluticasone propionate 0.25 MG/ACTUAT / salmeterol 0.05 MG/ACTUAT Dry Powder Inhaler",
        "Inhale 1 puff twice daily",
        2,
        1,
        PUFF,
        1,
        30,
        False,
        5,
    ),
    "levothyroxine": Drug(
        "966222",
        "levothyroxine sodium 0.075 MG Oral Tablet",
        "Take 1 tablet by mouth every morning on an empty stomach",
        1,
        1,
        TABLET,
        90,
        90,
        False,
        3,
    ),
    "aspirin": Drug(
        "308416", "aspirin 81 MG Delayed Release Oral Tablet", "Take 1 tablet by mouth once daily", 1, 1, TABLET, 90, 90, False, 3
    ),
    "metoprolol": Drug(
        "866436",
        "24 HR metoprolol succinate 50 MG Extended Release Oral Tablet",
        "Take 1 tablet by mouth once daily",
        1,
        1,
        TABLET,
        90,
        90,
        False,
        3,
    ),
    "apixaban": Drug("1364445", "apixaban 5 MG Oral Tablet", "Take 1 tablet by mouth twice daily", 2, 1, TABLET, 180, 90, False, 3),
    "warfarin": Drug(
        "855332", "warfarin sodium 5 MG Oral Tablet", "Take 1 tablet by mouth every evening, dose by INR", 1, 1, TABLET, 90, 90, False, 1
    ),
    "furosemide": Drug("313988", "furosemide 40 MG Oral Tablet", "Take 1 tablet by mouth every morning", 1, 1, TABLET, 90, 90, False, 3),
    "carvedilol": Drug(
        "200031", "carvedilol 6.25 MG Oral Tablet", "Take 1 tablet by mouth twice daily with food", 2, 1, TABLET, 180, 90, False, 3
    ),
    "sertraline": Drug("312941", "sertraline 50 MG Oral Tablet", "Take 1 tablet by mouth every morning", 1, 1, TABLET, 90, 90, False, 1),
    "escitalopram": Drug("349332", "escitalopram 10 MG Oral Tablet", "Take 1 tablet by mouth once daily", 1, 1, TABLET, 90, 90, False, 1),
    "acetaminophen": Drug(
        "198440",
        "acetaminophen 500 MG Oral Tablet",
        "Take 2 tablets by mouth every 8 hours as needed, at most 6 tablets a day",
        3,
        2,
        TABLET,
        60,
        10,
        True,
    ),
    "omeprazole": Drug(
        "198051",
        "omeprazole 20 MG Delayed Release Oral Capsule",
        "Take 1 capsule by mouth 30 minutes before breakfast",
        1,
        1,
        CAPSULE,
        90,
        90,
        False,
        1,
    ),
    "naproxen": Drug(
        "849574",
        "naproxen sodium 220 MG Oral Tablet",
        "Take 1 tablet by mouth twice daily with food as needed for pain",
        2,
        1,
        TABLET,
        30,
        15,
        True,
    ),
    "ibuprofen": Drug(
        "310965",
        "ibuprofen 200 MG Oral Tablet",
        "Take 2 tablets by mouth every 6 hours with food as needed for pain",
        4,
        2,
        TABLET,
        40,
        5,
        True,
    ),
    "methylphenidate": Drug(
        "1091155",
        "methylphenidate hydrochloride 18 MG 24 HR Extended Release Oral Tablet",
        "Take 1 tablet by mouth every morning",
        1,
        1,
        TABLET,
        30,
        30,
    ),
    "ferrous-sulfate": Drug(
        "310325", "ferrous sulfate 325 MG Oral Tablet", "Take 1 tablet by mouth every other day", 1, 1, TABLET, 45, 90, False, 1, 2
    ),
    "alendronate": Drug(
        "904419",
        "alendronic acid 10 MG Oral Tablet",
        "Take 1 tablet by mouth every morning with a full glass of water, stay upright 30 minutes",
        1,
        1,
        TABLET,
        90,
        90,
        False,
        3,
    ),
    "tamsulosin": Drug(
        "863669", "tamsulosin hydrochloride 0.4 MG Oral Capsule", "Take 1 capsule by mouth at bedtime", 1, 1, CAPSULE, 90, 90, False, 3
    ),
    "allopurinol": Drug("197319", "allopurinol 100 MG Oral Tablet", "Take 1 tablet by mouth once daily", 1, 1, TABLET, 90, 90, False, 3),
    "methotrexate": Drug(
        "105585",
        "methotrexate 2.5 MG Oral Tablet",
        "Take 6 tablets by mouth once a WEEK, never daily",
        1,
        6,
        TABLET,
        24,
        28,
        False,
        2,
        1,
        "wk",
    ),
    "folic-acid": Drug("310410", "folic acid 1 MG Oral Tablet", "Take 1 tablet by mouth once daily", 1, 1, TABLET, 90, 90, False, 3),
    "cetirizine": Drug(
        "1014678",
        "cetirizine hydrochloride 10 MG Oral Tablet",
        "Take 1 tablet by mouth once daily as needed",
        1,
        1,
        TABLET,
        30,
        30,
        True,
        5,
    ),
    "trazodone": Drug(
        "856373",
        "trazodone hydrochloride 100 MG Oral Tablet",
        "Take half a tablet by mouth at bedtime as needed for sleep",
        1,
        0.5,
        TABLET,
        15,
        30,
        True,
        2,
    ),
    "buprenorphine-naloxone": Drug(
        "351267",
        "buprenorphine 8 MG / naloxone 2 MG Sublingual Tablet",
        "Dissolve 1 tablet under the tongue twice daily",
        2,
        1,
        TABLET,
        60,
        30,
    ),
    "amoxicillin": Drug(
        "308191", "amoxicillin 500 MG Oral Capsule", "Take 1 capsule by mouth twice daily for 10 days", 2, 1, CAPSULE, 20, 10
    ),
    "amoxicillin-suspension": Drug(
        "308189", "amoxicillin 80 MG/ML Oral Suspension", "Give 5 mL by mouth twice daily for 10 days", 2, 5, ML, 100, 10
    ),
    "azithromycin": Drug(
        "308460",
        "azithromycin 250 MG Oral Tablet",
        "Take 2 tablets on the first day, then 1 tablet daily for 4 days",
        1,
        1,
        TABLET,
        6,
        5,
    ),
    "doxycycline": Drug(
        "1650142", "doxycycline monohydrate 100 MG Oral Tablet", "Take 1 tablet by mouth twice daily for 7 days", 2, 1, TABLET, 14, 7
    ),
    "nitrofurantoin": Drug(
        "311992", "nitrofurantoin 100 MG Oral Capsule", "Take 1 capsule by mouth twice daily for 5 days", 2, 1, CAPSULE, 10, 5
    ),
    "cephalexin": Drug(
        "309114", "cephalexin 500 MG Oral Capsule", "Take 1 capsule by mouth four times daily for 7 days", 4, 1, CAPSULE, 28, 7
    ),
    "hydrocortisone-cream": Drug(
        "106258", "hydrocortisone 10 MG/ML Topical Cream", "Apply a thin layer twice daily for 7 days", 2, 1, "{application}", 1, 7
    ),
    "prednisone": Drug("312615", "prednisone 20 MG Oral Tablet", "Take 2 tablets by mouth every morning for 5 days", 1, 2, TABLET, 10, 5),
}
PENICILLINS = frozenset({"amoxicillin", "amoxicillin-suspension"})
"""Never prescribed to someone whose record says penicillin allergy."""
