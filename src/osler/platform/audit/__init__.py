"""The audit log: who did what to whose record, append-only and hash-chained, durable before anything is answered."""

from osler.platform.audit.chain import RECORD, Entry, Stream, Streams, columns
from osler.platform.audit.verify import Flaw, verify

__all__ = ["RECORD", "Entry", "Flaw", "Stream", "Streams", "columns", "verify"]
