"""The parameters of an operation: from the URL, from a Parameters resource, or the one resource that is the whole body.

https://hl7.org/fhir/R4/operations.html#request
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from osler.gateway.fhir.call import Call
from osler.gateway.fhir.operations.operation import LIST, Operation, Parameter
from osler.gateway.fhir.tree import text, tree
from osler.platform.errors import Issue, Malformed, Unsupported
from osler.platform.fhir.elements import PRIMITIVES
from osler.platform.fhir.primitives import PATTERNS

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,9})\Z")
DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,17})?(?:[eE][+-]?[0-9]{1,2})?\Z")
WHOLE_NUMBERS = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
WORDS = PRIMITIVES - {"boolean", "decimal", *WHOLE_NUMBERS}
TIMED = frozenset({"dateTime", "instant"})
MOST_PARAMETERS = 2000
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_parts = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_word = msgspec.json.Decoder(str)


@dataclass(slots=True)
class Given:
    """What the caller sent, by name. A resource is its bytes, a datatype its JSON tree, a primitive a Python value."""

    values: dict[str, list[Any]] = field(default_factory=dict)
    criteria: list[tuple[str, str]] = field(default_factory=list)
    """Search parameters, for an operation that takes them."""

    def one(self, name: str) -> Any:
        """The value, or None."""
        found = self.values.get(name)
        return found[0] if found else None

    def every(self, name: str) -> list[Any]:
        """All values."""
        return self.values.get(name, [])

    def codes(self, name: str) -> list[str]:
        """All values of a parameter that may also hold several separated by commas."""
        return [code for value in self.every(name) for code in value.split(",") if code]


def arguments(operation: Operation, call: Call) -> Given:
    """Everything the operation was given. Raises `Malformed` or `Unsupported` naming the parameter."""
    given = Given()
    for name, value in call.query:
        take(operation, call, given, name, value)
    if call.method == "POST" and call.body and call.content_type not in operation.media:
        from_body(operation, call, given)
    for parameter in operation.takes:
        found = given.values.get(parameter.name, [])
        if len(found) < parameter.min:
            raise refused(parameter.name, f"The parameter {parameter.name} is required", "required")
        if parameter.most != LIST and len(found) > parameter.most:
            raise refused(parameter.name, f"The parameter {parameter.name} may be given once", "invalid")
    return given


def take(operation: Operation, call: Call, given: Given, name: str, value: str) -> None:
    """One parameter of the URL."""
    parameter = operation.parameter(name)
    if parameter is None:
        if operation.searches:
            given.criteria.append((name, value))
        elif not call.wishes.lenient:
            raise unknown(name)
    elif not parameter.fits_in_a_url:
        raise refused(name, f"The parameter {name} does not fit into a URL; send it with POST in a Parameters resource", "invalid")
    else:
        given.values.setdefault(name, []).append(value if parameter.search else primitive(parameter, value))


def from_body(operation: Operation, call: Call, given: Given) -> None:
    """The Parameters resource, or the one resource the operation is about."""
    members = object_of(call.body)
    kind = _word_of(members.get("resourceType"))
    if kind != "Parameters":
        whole = next((each for each in operation.takes if each.type not in PRIMITIVES and each.type[0].isupper() and not each.search), None)
        if whole is None or kind is None or (whole.type not in ("Resource", kind)):
            raise Malformed("The body must be a Parameters resource", [Issue("structure", "The body must be a Parameters resource")])
        given.values.setdefault(whole.name, []).append(call.body)
        return
    for name in members.keys() - {"resourceType", "id", "meta", "implicitRules", "_implicitRules", "language", "_language", "parameter"}:
        raise Malformed(
            "Parameters has no such element", [Issue("structure", "Parameters has no such element", f"Parameters.{safe(name)}")]
        )
    parts = parts_of(members.get("parameter"), "Parameters.parameter")
    if len(parts) > MOST_PARAMETERS:
        raise Malformed(
            f"At most {MOST_PARAMETERS} parameters are read", [Issue("too-long", f"At most {MOST_PARAMETERS} parameters are read")]
        )
    for place, part in enumerate(parts):
        where = f"Parameters.parameter[{place}]"
        named = _word_of(part.get("name"))
        if not named:
            raise Malformed("A parameter needs a name", [Issue("required", "A parameter needs a name", f"{where}.name")])
        parameter = operation.parameter(named)
        if parameter is not None:
            given.values.setdefault(named, []).append(value_of(parameter, part, where))
        elif operation.searches:
            given.criteria.append((named, searched(named, part, where)))
        elif not call.wishes.lenient:
            raise unknown(named)


def value_of(parameter: Parameter, part: dict[str, msgspec.Raw], where: str) -> Any:
    """One parameter of a Parameters resource, of the type the operation declares."""
    if parameter.parts:
        found: dict[str, list[Any]] = {}
        for place, inner in enumerate(parts_of(part.get("part"), f"{where}.part")):
            name = _word_of(inner.get("name"))
            known = next((each for each in parameter.parts if each.name == name), None)
            if known is None:
                raise Malformed(
                    "This part is not known here", [Issue("not-supported", "This part is not known here", f"{where}.part[{place}]")]
                )
            found.setdefault(known.name, []).append(value_of(known, inner, f"{where}.part[{place}]"))
        return found
    name = next((name for name in part if name.startswith("value")), None)
    is_resource = parameter.type not in PRIMITIVES and name is None
    if is_resource:
        if "resource" not in part:
            raise refused(parameter.name, f"The parameter {parameter.name} needs a value", "required", where)
        return bytes(part["resource"])
    if name is None:
        raise refused(parameter.name, f"The parameter {parameter.name} needs a value", "required", where)
    sent = name.removeprefix("value")
    sent = sent[:1].lower() + sent[1:] if sent[:1].lower() + sent[1:] in PRIMITIVES else sent
    value = tree(bytes(part[name]))
    if parameter.search:
        return token_text(parameter.name, value, where)
    if sent != parameter.type and not (sent in WORDS and parameter.type in WORDS) and not {sent, parameter.type} <= WHOLE_NUMBERS.keys():
        raise refused(parameter.name, f"The parameter {parameter.name} is a {parameter.type}", "value", where)
    if parameter.type in PRIMITIVES:
        return primitive(parameter, value, where)
    return value


def searched(name: str, part: dict[str, msgspec.Raw], where: str) -> str:
    """A search parameter sent in a Parameters resource, as a URL would have it."""
    key = next((key for key in part if key.startswith("value")), None)
    if key is None:
        raise refused(name, "A search parameter needs a value", "required", where)
    value = tree(bytes(part[key]))
    if isinstance(value, dict) and "reference" in value:
        return str(value["reference"])
    return token_text(name, value, where)


def token_text(name: str, value: Any, where: str) -> str:
    """A Coding, CodeableConcept, Identifier or plain word as `system|code`; several codings are alternatives."""
    if isinstance(value, dict):
        codings = value.get("coding", [value])
        words = [_token(coding) for coding in codings if isinstance(coding, dict)]
        if words and all(words):
            return ",".join(words)
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, str) and value:
        return value
    elif isinstance(value, int):
        return str(value)
    elif value is not None and not isinstance(value, list | dict):
        return text(value).decode()
    raise refused(name, f"The parameter {safe(name)} needs a code", "value", where)


def _token(coding: dict[str, Any]) -> str:
    code = coding.get("code", coding.get("value"))
    if not isinstance(code, str) or not code:
        return ""
    escaped = re.sub(r"([\\,|$])", r"\\\1", code)
    return f"{coding['system']}|{escaped}" if isinstance(coding.get("system"), str) else escaped


def primitive(parameter: Parameter, sent: Any, where: str | None = None) -> Any:
    """A primitive, from a URL or from JSON, with FHIR's own format checked."""
    value, kind = sent, parameter.type
    if kind == "boolean":
        found = {"true": True, "false": False, True: True, False: False}.get(value) if isinstance(value, bool | str) else None
        if found is None:
            raise refused(parameter.name, f"The parameter {parameter.name} is true or false", "value", where)
        return found
    if kind in WHOLE_NUMBERS:
        shown = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(shown, str) and WHOLE.match(shown) and WHOLE_NUMBERS[kind] <= int(shown) < 2**31:
            return int(shown)
        raise refused(parameter.name, f"The parameter {parameter.name} is a {kind}", "value", where)
    if kind == "decimal":
        shown = value if isinstance(value, str) else text(value).decode()
        if isinstance(shown, str) and DECIMAL.match(shown) and not isinstance(sent, bool):
            return Decimal(shown)
        raise refused(parameter.name, f"The parameter {parameter.name} is a decimal", "value", where)
    if isinstance(value, str) and kind in TIMED:
        value = value.replace(" ", "+")  # a '+' of a time zone that was not escaped
    pattern = PATTERNS.get(kind, PATTERNS["string"])
    if not isinstance(value, str) or not re.search(pattern, value) or "\x00" in value:
        raise refused(parameter.name, f"The parameter {parameter.name} is a {kind}", "value", where)
    return value


def object_of(body: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object. Raises `Malformed` with line and column."""
    try:
        return _members.decode(body)
    except msgspec.ValidationError:
        raise Malformed("The body must be a resource") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        tree(body)
        raise Malformed("The body must be a resource") from None


def parts_of(raw: msgspec.Raw | None, where: str) -> list[dict[str, msgspec.Raw]]:
    """The items of a list of parameters."""
    if raw is None:
        return []
    try:
        return _parts.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("A list of parameters is expected", [Issue("structure", "A list of parameters is expected", where)]) from None


def _word_of(raw: msgspec.Raw | None) -> str | None:
    try:
        return None if raw is None else _word.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def safe(name: str) -> str:
    """A name as sent, when it is short and printable."""
    return name if name.isprintable() and name.isascii() and len(name) <= 64 else "of that name"


def unknown(name: str) -> Unsupported:
    """A parameter the operation has not."""
    message = f"The operation has no parameter {safe(name)}"
    return Unsupported(message, [Issue("not-supported", message, f"http.{name}" if safe(name) == name else None)])


def refused(name: str, message: str, code: str, where: str | None = None) -> Malformed:
    """A parameter that cannot be used."""
    return Malformed(message, [Issue(code, message, where or f"http.{safe(name)}")])
