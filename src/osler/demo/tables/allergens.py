"""Substances people react to: medicines in RxNorm ingredients, food and environment in SNOMED CT."""

from __future__ import annotations

from typing import NamedTuple


class Allergen(NamedTuple):
    """One substance, its category, how often it is the one (weight), and the reaction it gives."""

    system: str
    code: str
    name: str
    category: str
    weight: int
    reaction: tuple[str, str]
    criticality: str


RXNORM, SNOMED = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://snomed.info/sct"
HIVES, ANAPHYLAXIS, RASH = ("126485001", "Urticaria"), ("39579001", "Anaphylaxis"), ("271807003", "Eruption of skin")
SWELLING, NAUSEA, SNEEZING = ("41291007", "Angioedema"), ("422587007", "Nausea"), ("76067001", "Sneezing")

ALLERGENS: dict[str, Allergen] = {
    "penicillin": Allergen(RXNORM, "7984", "penicillin V", "medication", 26, HIVES, "high"),
    "sulfonamide": Allergen(RXNORM, "10180", "sulfamethoxazole", "medication", 12, RASH, "low"),
    "codeine": Allergen(RXNORM, "2670", "codeine", "medication", 7, NAUSEA, "low"),
    "aspirin": Allergen(RXNORM, "1191", "aspirin", "medication", 6, SWELLING, "high"),
    "lisinopril": Allergen(RXNORM, "29046", "lisinopril", "medication", 3, SWELLING, "high"),
    "peanut": Allergen(SNOMED, "762952008", "Peanut", "food", 9, ANAPHYLAXIS, "high"),
    "shellfish": Allergen(SNOMED, "735029006", "Shellfish", "food", 9, HIVES, "high"),
    "egg": Allergen(SNOMED, "102263004", "Eggs (edible)", "food", 5, HIVES, "low"),
    "milk": Allergen(SNOMED, "3718001", "Cow's milk", "food", 4, RASH, "low"),
    "cat": Allergen(SNOMED, "260152009", "Cat dander", "environment", 9, SNEEZING, "low"),
    "dust-mite": Allergen(SNOMED, "260147004", "House dust mite", "environment", 8, SNEEZING, "low"),
    "grass-pollen": Allergen(SNOMED, "256277009", "Grass pollen", "environment", 9, SNEEZING, "low"),
    "bee-venom": Allergen(SNOMED, "288328004", "Bee venom", "environment", 3, ANAPHYLAXIS, "high"),
    "latex": Allergen(SNOMED, "111088007", "Latex", "environment", 4, RASH, "low"),
}
