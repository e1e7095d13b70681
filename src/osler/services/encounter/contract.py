"""What other services may ask of encounter and hear from it."""
