"""The FHIR store on PostgreSQL."""

from osler.platform.store.chart import CachedChart, PatientRecord, Section, Shown
from osler.platform.store.connections import Connections, Contended
from osler.platform.store.records import HistoryPage, Stored, Written
from osler.platform.store.store import Store
from osler.platform.store.transaction import Transaction

__all__ = [
    "CachedChart",
    "Connections",
    "Contended",
    "HistoryPage",
    "PatientRecord",
    "Section",
    "Shown",
    "Store",
    "Stored",
    "Transaction",
    "Written",
]
