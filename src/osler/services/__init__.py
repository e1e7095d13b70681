"""The eleven services, one folder each, all the same shape."""
