"""What other services may ask of scheduling and hear from it."""
