"""Vaccines (CVX) and the ages at which the routine schedule gives them (CDC child and adult schedules, simplified)."""

from __future__ import annotations

from typing import NamedTuple


class Vaccine(NamedTuple):
    """One CVX product, how much is given, and where."""

    cvx: str
    name: str
    millilitres: float = 0.5
    route: str = "IM"


class Dose(NamedTuple):
    """One dose of the routine schedule: not before `due` months of age, and not begun after `until` months."""

    vaccine: str
    due: float
    number: int
    until: float


VACCINES: dict[str, Vaccine] = {
    "hepb": Vaccine("08", "Hep B, adolescent or pediatric"),
    "rotavirus": Vaccine("116", "rotavirus, pentavalent", 2.0, "PO"),
    "dtap": Vaccine("20", "DTaP"),
    "hib": Vaccine("48", "Hib (PRP-T)"),
    "pcv13": Vaccine("133", "Pneumococcal conjugate PCV 13"),
    "pcv20": Vaccine("216", "Pneumococcal conjugate PCV20, polysaccharide CRM197 conjugate, adjuvant, PF"),
    "ipv": Vaccine("10", "IPV"),
    "mmr": Vaccine("03", "MMR", 0.5, "SC"),
    "varicella": Vaccine("21", "varicella", 0.5, "SC"),
    "hepa": Vaccine("83", "Hep A, ped/adol, 2 dose"),
    "tdap": Vaccine("115", "Tdap"),
    "hpv": Vaccine("165", "HPV9"),
    "menacwy": Vaccine("203", "meningococcal conjugate quadrivalent, MenACWY-TT (MCV4)"),
    "td": Vaccine("113", "Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed"),
    "zoster": Vaccine("187", "zoster recombinant"),
    "flu": Vaccine("140", "Influenza, split virus, trivalent, PF"),
    "flu-quad": Vaccine("150", "Influenza, split virus, quadrivalent, PF"),
    "covid": Vaccine("309", "COVID-19, mRNA, LNP-S, PF, tris-sucrose, 30 mcg/0.3 mL", 0.3),
    "rsv": Vaccine("303", "RSV, recombinant, protein subunit RSVpreF, adjuvant reconstituted, 0.5 mL, PF"),
}

CHILD_SCHEDULE: tuple[Dose, ...] = (
    Dose("hepb", 0, 1, 216),
    Dose("hepb", 1, 2, 216),
    Dose("hepb", 6, 3, 216),
    Dose("rotavirus", 2, 1, 3.4),
    Dose("rotavirus", 4, 2, 7.5),
    Dose("rotavirus", 6, 3, 7.9),
    Dose("dtap", 2, 1, 83),
    Dose("dtap", 4, 2, 83),
    Dose("dtap", 6, 3, 83),
    Dose("dtap", 15, 4, 83),
    Dose("dtap", 48, 5, 83),
    Dose("hib", 2, 1, 59),
    Dose("hib", 4, 2, 59),
    Dose("hib", 6, 3, 59),
    Dose("hib", 12, 4, 59),
    Dose("pcv", 2, 1, 59),
    Dose("pcv", 4, 2, 59),
    Dose("pcv", 6, 3, 59),
    Dose("pcv", 12, 4, 59),
    Dose("ipv", 2, 1, 216),
    Dose("ipv", 4, 2, 216),
    Dose("ipv", 6, 3, 216),
    Dose("ipv", 48, 4, 216),
    Dose("mmr", 12, 1, 216),
    Dose("mmr", 48, 2, 216),
    Dose("varicella", 12, 1, 216),
    Dose("varicella", 48, 2, 216),
    Dose("hepa", 12, 1, 216),
    Dose("hepa", 18, 2, 216),
    Dose("tdap", 132, 1, 228),
    Dose("menacwy", 132, 1, 216),
    Dose("menacwy", 192, 2, 216),
    Dose("hpv", 132, 1, 180),
    Dose("hpv", 138, 2, 186),
)
ADULT_SCHEDULE: tuple[Dose, ...] = (
    Dose("zoster", 600, 1, 1200),
    Dose("zoster", 603, 2, 1200),
    Dose("pcv20", 780, 1, 1200),
    Dose("rsv", 900, 1, 1200),
)
INTERVAL_DAYS = 28
"""The least number of days between two doses of one vaccine."""
PCV20_SINCE = 2023
FLU_TRIVALENT_SINCE = 2024
ZOSTER_SINCE = 2018
RSV_SINCE = 2023
COVID_SINCE = 2023
