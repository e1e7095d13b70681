"""How often a sign-in may fail before further tries have to wait. Same for names that exist and names that do not."""

from __future__ import annotations

from datetime import datetime, timedelta

from osler.platform.errors import OslerError

WINDOW = timedelta(minutes=5)
PER_NAME_AND_PLACE = 10
PER_NAME = 50
PER_PLACE = 50
MOST_REMEMBERED = 20_000


class TooManyAttempts(OslerError):
    """Too many failed sign-ins for this name or from this address; wait some minutes."""

    status, code = 429, "throttled"


class Attempts:
    """The failures of the last minutes in this process, by name, by address and by both."""

    def __init__(self) -> None:
        self.failures: dict[tuple[str, ...], list[datetime]] = {}

    def begin(self, name: str, place: str, now: datetime) -> None:
        """Count a try as failed until it succeeds, so that many at once gain nothing. Raises `TooManyAttempts`."""
        if len(self.failures) > MOST_REMEMBERED:
            self.forget_before(now - WINDOW)
        counted = {key: [moment for moment in self.failures.get(key, ()) if moment > now - WINDOW] for key, _ in keys(name, place)}
        for key, most in keys(name, place):
            if len(counted[key]) >= most:
                raise TooManyAttempts("Too many failed sign-ins; wait five minutes and try again")
        for key, moments in counted.items():
            self.failures[key] = [*moments, now]

    def succeeded(self, name: str, place: str, now: datetime) -> None:
        """The try begun at this moment was right: it counts nowhere, and clears what this name failed from this address."""
        self.failures.pop(("both", name, place), None)
        for key, _ in keys(name, place)[1:]:
            if now in self.failures.get(key, ()):
                self.failures[key].remove(now)

    def forget_before(self, moment: datetime) -> None:
        """Drop what has run out; when that does not help, everything: memory is bounded."""
        self.failures = {key: when for key, when in self.failures.items() if when and when[-1] > moment}
        if len(self.failures) > MOST_REMEMBERED:
            self.failures.clear()


def keys(name: str, place: str) -> list[tuple[tuple[str, ...], int]]:
    """What a sign-in is counted under, with the most failures allowed for each."""
    return [(("both", name, place), PER_NAME_AND_PLACE), (("name", name), PER_NAME), (("place", place), PER_PLACE)]
