"""The clinic itself: places, specialties (NUCC taxonomy) and how many practitioners of each, payers."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """One of the clinic's sites."""

    id: str
    name: str
    alias: str
    line: str
    city: str
    postal_code: str
    phone: str
    longitude: float
    latitude: float


class Specialty(NamedTuple):
    """One kind of practitioner: taxonomy code, the letters after the name, the HL7 role, and how many work here."""

    key: str
    code: str
    name: str
    letters: str
    members: int


ORGANIZATION = "clinic"
ORGANIZATION_NAME = "Palo Verde Community Health"
PLACES: tuple[Place, ...] = (
    Place(
        "loc-main",
        "Palo Verde Community Health, Main Clinic",
        "Main",
        "400 W Mission Rd",
        "Tucson",
        "85701",
        "520-555-0100",
        -110.9789,
        32.2195,
    ),
    Place(
        "loc-east",
        "Palo Verde Community Health, Eastside",
        "Eastside",
        "7800 E Speedway Blvd",
        "Tucson",
        "85710",
        "520-555-0101",
        -110.8246,
        32.2359,
    ),
    Place(
        "loc-north",
        "Palo Verde Community Health, Oro Valley",
        "Oro Valley",
        "11200 N Oracle Rd",
        "Oro Valley",
        "85737",
        "520-555-0102",
        -110.9478,
        32.4001,
    ),
)
SPECIALTIES: tuple[Specialty, ...] = (
    Specialty("family", "207Q00000X", "Family Medicine Physician", "MD", 12),
    Specialty("internal", "207R00000X", "Internal Medicine Physician", "MD", 5),
    Specialty("pediatrics", "208000000X", "Pediatrics Physician", "MD", 5),
    Specialty("nurse-practitioner", "363LF0000X", "Family Nurse Practitioner", "FNP", 4),
    Specialty("physician-assistant", "363A00000X", "Physician Assistant", "PA-C", 2),
    Specialty("nurse", "163W00000X", "Registered Nurse", "RN", 3),
    Specialty("cardiology", "207RC0000X", "Cardiovascular Disease Physician", "MD", 2),
    Specialty("endocrinology", "207RE0101X", "Endocrinology, Diabetes & Metabolism Physician", "MD", 1),
    Specialty("nephrology", "207RN0300X", "Nephrology Physician", "MD", 1),
    Specialty("pulmonology", "207RP1001X", "Pulmonary Disease Physician", "MD", 1),
    Specialty("gastroenterology", "207RG0100X", "Gastroenterology Physician", "MD", 1),
    Specialty("psychiatry", "2084P0800X", "Psychiatry Physician", "MD", 2),
    Specialty("addiction", "207QA0401X", "Addiction Medicine (Family Medicine) Physician", "MD", 1),
    Specialty("social-work", "1041C0700X", "Clinical Social Worker", "LCSW", 1),
    Specialty("obstetrics", "207V00000X", "Obstetrics & Gynecology Physician", "MD", 2),
    Specialty("orthopedics", "207X00000X", "Orthopaedic Surgery Physician", "MD", 1),
    Specialty("dermatology", "207N00000X", "Dermatology Physician", "MD", 1),
)
PAYERS: dict[str, tuple[str, str, str]] = {
    "payer-medicare": ("Medicare", "MCPOL", "managed care policy"),
    "payer-medicaid": ("Arizona Medicaid (demo)", "SUBSIDIZ", "subsidized health program"),
    "payer-saguaro": ("Saguaro Mutual Health Plan", "HMO", "health maintenance organization policy"),
    "payer-cactus": ("Cactus Employers Preferred", "PPO", "preferred provider organization policy"),
}
"""Organization id -> name, and the v3-ActCode coverage type."""
