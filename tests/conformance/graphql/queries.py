"""The web app's kind of chart query, and smaller ones."""

from __future__ import annotations

CONCEPT = "fragment concept on CodeableConcept { text coding { system code display } }"
AMOUNT = "fragment amount on Quantity { value comparator unit system code }"
FULL = (
    """
query Chart($id: ID!, $results: Int = 200) {
  chart(patient: $id) {
    patient { id meta { versionId } name { use family given prefix } birthDate gender identifier { system value type { text } }
      telecom { system value use } address { line city state postalCode } communication { language { ...concept } }
      maritalStatus { ...concept } deceasedDateTime generalPractitioner { reference display } }
    allergies { id code { ...concept } clinicalStatus { ...concept } criticality category
      reaction { severity manifestation { ...concept } } }
    problems { id code { ...concept } clinicalStatus { ...concept } onsetDateTime abatementDateTime recordedDate encounter { reference } }
    medications { id status intent authoredOn medicationCodeableConcept { ...concept } requester { display }
      dosageInstruction { text asNeededBoolean timing { repeat { frequency period periodUnit } }
        doseAndRate { type { ...concept } doseQuantity { ...amount } } } }
    immunizations { id status vaccineCode { ...concept } occurrenceDateTime primarySource lotNumber }
    encounters(first: 50) { total items { id status class { code display } type { ...concept } period { start end }
      participant { individual { reference display } } reasonCode { ...concept } serviceProvider { display } } }
    results(first: $results) { total items { id status code { ...concept } effectiveDateTime issued valueQuantity { ...amount }
      valueCodeableConcept { ...concept } valueString interpretation { ...concept }
      referenceRange { low { ...amount } high { ...amount } text } } }
    vitals(first: 60) { id code { ...concept } effectiveDateTime valueQuantity { ...amount }
      component { code { ...concept } valueQuantity { ...amount } } }
    careTeam { id status name participant { role { ...concept } member { reference display } period { start } } }
  }
}
"""
    + CONCEPT
    + AMOUNT
)
