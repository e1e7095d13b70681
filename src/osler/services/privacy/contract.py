"""What other services may ask of privacy and hear from it."""
