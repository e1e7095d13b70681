"""UCUM units: what they measure, and amounts in base units so that they can be compared. https://ucum.org/ucum"""

from osler.platform.units.conversion import canonical, convert, valid

__all__ = ["canonical", "convert", "valid"]
