"""FHIR's XML form: every R4 type and Bundle in and out, lossless against JSON. https://hl7.org/fhir/R4/xml.html"""

from osler.formats.xml.reading import Place, Reading, places, read, to_json
from osler.formats.xml.writing import to_xml

__all__ = ["Place", "Reading", "places", "read", "to_json", "to_xml"]
