"""Units as UCUM defines them; its own table is the judge."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest

from osler.platform.testing import shared_data
from osler.platform.units import canonical, convert, valid

NAMESPACE = "{http://unitsofmeasure.org/ucum-essence}"


def test_every_unit_of_the_essence_parses_and_converts_to_its_definition_and_back() -> None:
    root = ET.parse(shared_data("terminology", "ucum", "ucum-essence.xml")).getroot()
    prefixes = [prefix.attrib["Code"] for prefix in root.iter(f"{NAMESPACE}prefix")]
    units = list(root.iter(f"{NAMESPACE}unit"))

    wrong = []
    for unit in units:
        code, value = unit.attrib["Code"], unit.find(f"{NAMESPACE}value")
        assert value is not None
        amount = canonical(Decimal(1), code)
        plain = value.find(f"{NAMESPACE}function") is None and unit.get("isArbitrary") != "yes"
        as_defined = not plain or amount == canonical(Decimal(value.attrib["value"]), value.attrib["Unit"])
        if amount is None or not valid(code) or convert(Decimal(1), code, code) != 1 or not as_defined:
            wrong.append(code)
        wrong += [prefix + code for prefix in prefixes if unit.attrib["isMetric"] == "yes" and not valid(prefix + code)]

    assert len(units) > 300
    assert wrong == []


@pytest.mark.parametrize(
    ("value", "code", "amount", "base"),
    [
        ("1", "g", "1", "g"),
        ("1000", "mg", "1", "g"),
        ("5.5", "mmol/L", "3312177418000000000000000", "m-3"),
        ("37", "Cel", "310.15", "K"),
        ("98.6", "[degF]", "310.15", "K"),
        ("120", "mm[Hg]", "15998640", "m-1.s-2.g"),
        ("72", "{beats}/min", "1.2", "s-1"),
        ("72", "/min", "1.2", "s-1"),
        ("4.5", "10*9/L", "4500000000000", "m-3"),
        ("4.5", "10*3/uL", "4500000000000", "m-3"),
        ("24", "kg/m2", "24000", "m-2.g"),
        ("24", "kg.m-2", "24000", "m-2.g"),
        ("2", "(kg.m)/(s2.m)", "2000", "s-2.g"),
        ("3", "mg{total}", "0.003", "g"),
        ("50", "%", "0.5", "1"),
        ("20", "dB", "100", "1"),
        ("7", "[pH]", "60221407600000000000", "m-3"),
        ("2", "[iU]/mL", "2000000", "m-3.[iU]"),
        ("2", "[IU]/mL", "2000000", "m-3.[iU]"),
        ("0", "Cel", "273.15", "K"),
    ],
)
def test_amounts_in_base_units(value: str, code: str, amount: str, base: str) -> None:
    assert canonical(Decimal(value), code) == (Decimal(amount), base)


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        ("98.6", "[degF]", "Cel", "37"),
        ("0", "Cel", "[degF]", "32"),
        ("1", "[in_i]", "cm", "2.54"),
        ("1", "[lb_av]", "kg", "0.45359237"),
        ("1", "wk", "d", "7"),
        ("1", "mol", "mmol", "1000"),
        ("30", "dB", "B", "3"),
    ],
)
def test_conversions(value: str, source: str, target: str, result: str) -> None:
    assert convert(Decimal(value), source, target) == Decimal(result)


@pytest.mark.parametrize("code", ["", "lbs", "mgs", "KG", "k", "g m", "mg/", "(mg", "mg)", "10*", "m0", "kWeek", "[foo]", "g{", "m99", "/"])
def test_what_is_no_unit_has_no_amount(code: str) -> None:
    expected = code == "10*"

    assert valid(code) is expected
    assert (canonical(Decimal(1), code) is not None) is expected


def test_units_that_measure_different_things_do_not_convert() -> None:
    assert convert(Decimal(1), "g", "m") is None
    assert convert(Decimal(1), "[iU]", "[arb'U]") is None


@pytest.mark.parametrize("code", ["10*9999", "m9999", ".".join(["10*300"] * 20), "(" * 60 + "m" + ")" * 60, "g" * 1000])
def test_a_unit_made_to_take_for_ever_is_no_unit(code: str) -> None:
    assert canonical(Decimal(1), code) is None


@pytest.mark.parametrize("value", ["1E+999999", "1E-999999", "NaN", "Infinity"])
def test_a_value_beyond_measure_has_no_amount(value: str) -> None:
    assert canonical(Decimal(value), "mg") is None


def test_equal_amounts_are_the_same_number_whatever_their_unit() -> None:
    assert canonical(Decimal("1"), "[ft_i]/h") == canonical(Decimal("12"), "[in_i]/h")
    assert canonical(Decimal("1"), "kat/L") == canonical(Decimal("60000000"), "U/L")
