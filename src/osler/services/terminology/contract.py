"""What other services may ask of terminology and hear from it."""
