"""What other services may ask of portal and hear from it."""
