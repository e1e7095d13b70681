"""What other services may ask of identity and hear from it."""
