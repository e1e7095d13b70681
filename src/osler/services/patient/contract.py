"""What other services may ask of patient and hear from it."""
