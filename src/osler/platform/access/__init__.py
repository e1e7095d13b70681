"""May this role do this to records of this type? One small table, asked by every face before it touches the store."""

from osler.platform.access.decision import READING, WRITING, may, readable, require, shape
from osler.platform.access.roles import ROLES

__all__ = ["READING", "ROLES", "WRITING", "may", "readable", "require", "shape"]
