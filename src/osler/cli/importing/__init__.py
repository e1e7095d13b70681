"""Loading what others wrote: FHIR JSON, NDJSON and Bundles from files and folders, resumable and idempotent."""
