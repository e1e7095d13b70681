"""What other services may ask of exchange and hear from it."""
