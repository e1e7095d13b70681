"""XML in and out: what is kept, what is refused, and where. https://hl7.org/fhir/R4/xml.html"""

from __future__ import annotations

import json
import time

import pytest

from osler.formats.xml import places, read, to_json, to_xml
from osler.platform.errors import Malformed, TooLarge
from osler.platform.fhir.limits import MOST_DEPTH, MOST_ENTRIES, MOST_ISSUES

F = 'xmlns="http://hl7.org/fhir"'
X = 'xmlns="http://www.w3.org/1999/xhtml"'


def patient(inner: str) -> bytes:
    return f"<Patient {F}>\n{inner}\n</Patient>".encode()


def narrated(div: str) -> bytes:
    return patient(f'<text><status value="generated"/>{div}</text>')


def refusal(text: bytes | str) -> list[tuple[str | None, int | None]]:
    with pytest.raises((Malformed, TooLarge)) as refused:
        to_json(text.encode() if isinstance(text, str) else text)
    return [(issue.expression, issue.line) for issue in refused.value.issues]


@pytest.mark.parametrize(
    ("written", "body"),
    [
        ('<birthDate value="1970-03"/>', {"birthDate": "1970-03"}),
        ('<active value="false"/>', {"active": False}),
        ('<birthDate id="b1"/>', {"_birthDate": {"id": "b1"}}),
        ('<multipleBirthInteger value="2"/>', {"multipleBirthInteger": 2}),
        (
            '<name><given value="A"/><given id="g"/><given id="h" value="C"/></name>',
            {"name": [{"given": ["A", None, "C"], "_given": [None, {"id": "g"}, {"id": "h"}]}]},
        ),
        ('<contained><Basic><id value="x"/></Basic></contained>', {"contained": [{"resourceType": "Basic", "id": "x"}]}),
        (
            '<extension id="e" url="http://e.x"><valueDecimal value="1.00"/></extension>',
            {"extension": [{"id": "e", "url": "http://e.x", "valueDecimal": 1.0}]},
        ),
        ('<!-- not kept --><?nor this?><active value="true"/>', {"active": True}),
        ('<name><family value="a&#10;b &amp; &lt;c&gt; &quot;"/></name>', {"name": [{"family": 'a\nb & <c> "'}]}),
    ],
)
def test_an_element_is_its_json(written: str, body: dict[str, object]) -> None:
    assert json.loads(to_json(patient(written))) == {"resourceType": "Patient", **body}


@pytest.mark.parametrize("digits", ["1.00", "-0", "0.10e-7", "1E5", "12345678901234567890.123456789012345678901234567890"])
def test_a_decimal_keeps_its_digits_both_ways(digits: str) -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":%b}}' % digits.encode()

    assert f'<value value="{digits if digits != "-0" else "0"}"/>'.encode() in to_xml(body)
    assert to_json(f'<Observation {F}><valueQuantity><value value="{digits}"/></valueQuantity></Observation>'.encode()) == body


def test_members_are_written_in_the_order_of_the_definition() -> None:
    body = b'{"gender":"female","_gender":{"id":"g"},"name":[{"given":["A"],"family":"B"}],"id":"1","resourceType":"Patient"}'

    assert to_xml(body) == (
        b'<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="1"/>'
        b'<name><family value="B"/><given value="A"/></name><gender id="g" value="female"/></Patient>'
    )


def test_text_that_looks_like_markup_stays_text() -> None:
    body = {"resourceType": "Patient", "name": [{"text": '"/><active value="true"/>&\t\r\n\u2028'}]}

    assert json.loads(to_json(to_xml(json.dumps(body).encode()))) == body


@pytest.mark.parametrize(
    "div",
    [
        f"<div {X}><p>a<br/>b &amp; c</p><!-- kept --> &#169;</div>",
        f'<div {X} xml:lang="en" lang="en"><table><tr><td class=\'x\'>1 > 0</td></tr></table></div>',
        f"<div {X}><![CDATA[<not markup>]]>\n  <p>two  blanks</p></div >",
    ],
)
def test_a_narrative_is_kept_letter_by_letter(div: str) -> None:
    body = json.loads(to_json(narrated(div)))

    assert body["text"]["div"] == div
    assert json.loads(to_json(to_xml(json.dumps(body).encode()))) == body


def test_a_narrative_with_a_prefix_of_its_surroundings_stands_for_itself() -> None:
    text = f'<Patient {F} xmlns:h="http://www.w3.org/1999/xhtml"><text><h:div><h:p title="a&amp;b">c<h:br/></h:p></h:div></text></Patient>'

    assert json.loads(to_json(text.encode()))["text"]["div"] == f'<div {X}><p title="a&amp;b">c<br/></p></div>'


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("<div>a&nbsp;b&copy;</div>", f"<div {X}>a\u00a0b©</div>"),
        ("<div>a<br>b</div>", f"<div {X}><pre>&lt;div&gt;a&lt;br&gt;b&lt;/div&gt;</pre></div>"),
        (f'<div {X}>a</div><active value="true"/>', f'<div {X}><pre>&lt;div {X}&gt;a&lt;/div&gt;&lt;active value="true"/&gt;</pre></div>'),
        (f'<!DOCTYPE div [<!ENTITY a "b">]><div {X}>&a;</div>', None),
    ],
)
def test_a_narrative_that_is_no_xhtml_cannot_break_out_of_its_element(stored: str, shown: str | None) -> None:
    text = to_xml(json.dumps({"resourceType": "Patient", "text": {"status": "generated", "div": stored}}).encode())

    div = json.loads(to_json(text))["text"]["div"]
    assert "active" not in json.loads(to_json(text))
    assert div == shown or (shown is None and "<pre>&lt;!DOCTYPE" in div)


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("<nmae/>", "Patient.nmae"),
        ('<active value="true" extra="1"/>', "Patient.active.@extra"),
        ("<name>Smith</name>", "Patient.name[0]"),
        ("<active/>", "Patient.active"),
        ("<name/>", "Patient.name[0]"),
        ('<active value="true"/><active value="true"/>', "Patient.active"),
        ('<gender value="male"/><active value="true"/>', "Patient.active"),
        ('<active xmlns="" value="true"/>', "Patient.active"),
        ('<name><given value="A"/><given value="B"><x/></given></name>', "Patient.name[0].given[1].x"),
        ("<contained/>", "Patient.contained[0]"),
        ("<contained><Patent/></contained>", "Patient.contained[0]"),
        ("<contained><Basic/><Basic/></contained>", "Patient.contained[0]"),
        ('<text><status value="generated"/><div><p/></div></text>', "Patient.text.div"),
        (f'<text><status value="generated"/><div {X}><svg xmlns="http://www.w3.org/2000/svg"/></div></text>', "Patient.text.div.svg"),
    ],
)
def test_what_is_no_r4_structure_is_refused_by_path_and_line(written: str, path: str) -> None:
    assert (path, 2) in refusal(patient(written))


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE Patient [<!ENTITY a "x">]>' + patient("<id value='&a;'/>").decode(),
        '<!DOCTYPE Patient SYSTEM "http://localhost:1/x.dtd">' + patient('<active value="true"/>').decode(),
        '<!DOCTYPE Patient [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + patient("<name><family value='&x;'/></name>").decode(),
        "<!DOCTYPE l ["
        + '<!ENTITY a0 "ha">'
        + "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))
        + "]>"
        + patient("<name><family value='&a39;'/></name>").decode(),
    ],
)
def test_no_document_type_is_read(text: str) -> None:
    started = time.perf_counter()

    assert len(refusal(text)) == 1
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"<Patient>",
        b'<Patient xmlns="http://hl7.org/fhir">&nbsp;</Patient>',
        patient('<active value="true"/>') + b"<x/>",
        b'<?xml version="1.0" encoding="UTF-16"?>' + patient('<active value="true"/>'),
        patient('<active value="true"/>').decode().encode("utf-16"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + patient('<name><family value="\xe9"/></name>'.encode("latin-1").decode("latin-1")),
        b'<Patient xmlns="http://hl7.org/fhir"><name><family value="\xe9"/></name></Patient>',
        b'<Patient xmlns="urn:other"><active value="true"/></Patient>',
        b"<Patient><active value='true'/></Patient>",
        b'<tests xmlns="http://hl7.org/fhir"/>',
        b'<HumanName xmlns="http://hl7.org/fhir"/>',
    ],
)
def test_what_is_no_fhir_xml_in_utf_8_is_refused(text: bytes) -> None:
    assert refusal(text) != []


def test_a_byte_order_mark_and_a_schema_location_are_no_obstacle() -> None:
    text = f'\ufeff<?xml version="1.0"?><Patient {F} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '

    body = to_json((text + 'xsi:schemaLocation="http://hl7.org/fhir ../patient.xsd"><active value="true"/></Patient>').encode())

    assert json.loads(body) == {"resourceType": "Patient", "active": True}


def test_depth_entries_and_problems_are_limited() -> None:
    started = time.perf_counter()
    nested = '<extension url="x">' * 50_000 + "</extension>" * 50_000
    many = f"<Bundle {F}>" + "<entry><fullUrl value='urn:x'/></entry>" * (MOST_ENTRIES + 1) + "</Bundle>"

    assert refusal(patient(nested))[-1][1] == 2
    assert refusal(many)[-1][0] == f"Bundle.entry[{MOST_ENTRIES}]"
    assert len(refusal(patient("<x/>" * 100_000))) == MOST_ISSUES
    assert len(refusal(f"<Bundle {F}>" + "<entry><x/></entry>" * 100_000 + "</Bundle>")) == MOST_ISSUES
    assert len(refusal(narrated(f"<div {X}>" + "<b>" * (MOST_DEPTH + 1) + "</b>" * (MOST_DEPTH + 1) + "</div>"))) == 1
    assert time.perf_counter() - started < 5


def test_a_validator_reads_on_and_learns_every_problem_and_place() -> None:
    reading = read(patient('<nmae/>\n<active value="maybe"/>\n<gender>x</gender>\n<birthDate value=""/>'))

    assert [(issue.expression, issue.line) for issue in reading.issues] == [
        ("Patient.nmae", 2),
        ("Patient.gender", 4),
        ("Patient.gender", 4),
    ]
    assert reading.body is not None
    assert json.loads(reading.body) == {"resourceType": "Patient", "active": "maybe", "birthDate": ""}
    assert reading.places["Patient.birthDate"] == (5, 1)


def test_places_know_choices_and_resources_inside_others() -> None:
    text = f"""<Bundle {F}><type value="collection"/><entry><resource>
<Observation><status value="final"/>
 <valueQuantity><value value="1"/></valueQuantity></Observation></resource></entry></Bundle>"""

    assert places(text.encode())["Bundle.entry[0].resource.value.ofType(Quantity).value"] == (3, 17)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"resourceType":"Patent"}', b'{"resourceType":"Patient","nmae":1}', b'{"resourceType":"Patient","name":["x"]}', b"{"],
)
def test_json_that_is_no_resource_cannot_become_xml(body: bytes) -> None:
    with pytest.raises(Malformed):
        to_xml(body)
