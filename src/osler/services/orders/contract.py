"""What other services may ask of orders and hear from it."""
