"""Given and family names of the demo town. Everyone here is invented; any likeness to a living person is chance."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.replace("_", " ") for word in text.split())


FAMILIES: tuple[str, ...] = _words(
    """
    Abbott Acosta Adeyemi Aguilar Ahmed Alvarez Anderson Archer Arroyo Baca Bailey Banerjee Barnes Barrera Begay Bell Benally
    Bennett Bianchi Blackwood Boone Bravo Brennan Brooks Bui Burke Cabrera Calloway Campos Carrillo Castellanos Chan Chavez Cho
    Clarke Coleman Contreras Cooper Cordova Cruz Dang Davila Delgado Diaz Dixon Donnelly Duarte Duran Ellis Escobar Espinoza Farah
    Figueroa Fischer Fletcher Flores Foster Franco Gallegos Garrison Gibson Gomez Grady Greene Griffin Guerrero Gupta Haddad Hale
    Harper Hassan Hayes Henderson Herrera Hoang Holloway Huang Hughes Ibarra Iyer Jacobs Jaramillo Jensen Johansson Jordan Kang
    Kapoor Keller Khan Kim Kowalski Lambert Larsen Lawson Leon Lim Lopez Lozano Lucero Madrid Maldonado Marquez Martinez Mathis
    Mbeki Mcgrath Medina Mehta Mendoza Mercer Meyer Miranda Molina Montoya Morales Moreno Murphy Nakamura Navarro Nez Nguyen Novak
    Nunez Okafor Oliveira Olsen Ortega Osborn Pacheco Padilla Palmer Park Patel Pena Perkins Pham Pineda Porter Pruitt Quintana
    Ramirez Reed Reyes Rios Rivera Robles Romero Rosales Rossi Ruiz Salazar Sandoval Santos Schmidt Serrano Shah Sharma Silva
    Singh Soto Spencer Stone Suarez Sullivan Tapia Tran Trujillo Tsosie Valdez Vargas Vega Villa Vo Walsh Warner Watts Weber
    Whitaker Wong Yazzie Young Zamora Zhang Zimmerman
    """
)
FEMALE: tuple[str, ...] = _words(
    """
    Abigail Adriana Aisha Alma Amelia Ana Angela Anita Aurora Beatriz Bianca Brenda Camila Carmen Caroline Celia Clara Daniela
    Denise Diana Dolores Eleanor Elena Elisa Emma Esther Eva Fatima Flora Frances Gabriela Gloria Grace Hannah Helen Ines Irene
    Isabel Ivy Jane Jasmine Joan Julia June Karen Kavita Laura Leah Leticia Lila Linda Lucia Lupe Lydia Mabel Maria Marisol Martha
    Mei Mercedes Mira Monica Nadia Naomi Nina Nora Olga Olivia Paloma Patricia Priya Rachel Ramona Rebecca Rosa Ruth Sara Sofia
    Stella Susan Sylvia Teresa Thuy Valeria Vera Veronica Viola Yolanda Zoe
    """
)
MALE: tuple[str, ...] = _words(
    """
    Aaron Abel Adam Alan Albert Alejandro Amir Andres Anthony Arjun Arturo Benjamin Brian Caleb Carl Carlos Cesar Curtis Daniel
    David Dennis Diego Dominic Edgar Eduardo Edward Eli Emilio Enrique Ernest Ethan Felix Fernando Francisco Frank George Gerald
    Gilbert Hector Henry Hugo Ian Isaac Ivan Jacob James Javier Jerome Jesse Joaquin Joel Jorge Joseph Juan Julian Kenneth Kevin
    Leo Leonard Lorenzo Louis Luis Manuel Marco Mario Martin Mateo Miguel Minh Nathan Nicolas Noah Omar Oscar Pablo Pedro Peter
    Rafael Ramon Raul Ravi Ricardo Roberto Roman Ruben Samuel Saul Sergio Simon Thomas Tomas Vicente Victor Vincent Walter Wei
    William Xavier Yusuf
    """
)
STREETS: tuple[str, ...] = _words(
    """
    Agave Alder Alta_Vista Arroyo Bluebird Broadway Cactus_Wren Calle_Norte Campbell Canyon_View Cholla Copper Cottonwood
    Country_Club Desert_Rose Dove Eastside El_Camino Fairview Fort_Lowell Glenn Grant Hacienda Harvest Ironwood Juniper La_Cholla
    Lee Linden Lomita Mesquite Mission Mountain Ocotillo Oracle Palo_Verde Park Pinecrest Prairie Prickly_Pear Quail_Run Ridge
    Rio_Vista River Saguaro Silverbell Sonora Speedway Spring Sunset Swan Tanque Thornydale Tumbleweed Vine Wetmore Willow Wilmot
    """
)
STREET_KINDS = ("St", "Ave", "Dr", "Ln", "Rd", "Way", "Pl")
TOWNS: tuple[tuple[str, str], ...] = (
    ("Tucson", "85701"),
    ("Tucson", "85705"),
    ("Tucson", "85710"),
    ("Tucson", "85712"),
    ("Tucson", "85716"),
    ("Tucson", "85719"),
    ("Tucson", "85741"),
    ("Oro Valley", "85737"),
    ("Marana", "85653"),
    ("Sahuarita", "85629"),
    ("Vail", "85641"),
    ("Green Valley", "85614"),
)
AREA_CODES = ("520", "602", "480", "623", "928", "505", "575", "915", "619", "702")
"""Telephone numbers end in 555-0100 to 555-0199, the block kept for fiction."""

RACES: tuple[tuple[str, str, str, int], ...] = (
    ("white", "2106-3", "White", 62),
    ("black", "2054-5", "Black or African American", 7),
    ("asian", "2028-9", "Asian", 6),
    ("native", "1002-5", "American Indian or Alaska Native", 7),
    ("pacific", "2076-8", "Native Hawaiian or Other Pacific Islander", 1),
    ("other", "2131-1", "Other Race", 14),
    ("declined", "ASKU", "Asked but unknown", 3),
)
LANGUAGES: dict[str, str] = {
    "en": "English",
    "es": "Spanish",
    "vi": "Vietnamese",
    "zh": "Chinese",
    "ar": "Arabic",
    "nv": "Navajo",
    "so": "Somali",
    "de": "German",
}
