"""How a name sounds, for the parameter `phonetic`: Metaphone, so that Smith finds Smyth and Catherine finds Kathryn.

R4 leaves the algorithm to the server (https://hl7.org/fhir/R4/patient.html#search).
"""

from __future__ import annotations

from functools import lru_cache

from jellyfish import metaphone


@lru_cache(maxsize=16384)
def sounds_like(word: str) -> str:
    """The Metaphone code of one folded word; a word without Latin letters stands for itself."""
    return metaphone(word) or word
