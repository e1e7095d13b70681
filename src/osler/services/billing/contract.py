"""What other services may ask of billing and hear from it."""
