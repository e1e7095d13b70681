"""Domain events: written to the outbox with the change they tell of, delivered at least once to every handler."""

from osler.platform.events.codec import decode, encode, kind_of
from osler.platform.events.outbox import Delivery, EventWorker, deliveries_of
from osler.platform.events.wake import CHANNEL, Waker

__all__ = ["CHANNEL", "Delivery", "EventWorker", "Waker", "decode", "deliveries_of", "encode", "kind_of"]
