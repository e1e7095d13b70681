"""One module per part of the record: each writes its resources into the patient's chart."""
