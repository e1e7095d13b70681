"""What other services may ask of decisions and hear from it."""
