"""The composition root: which services this process runs, what they run on, and the ASGI application made of them."""
