"""Times as whole numbers since 1970, for stores that order them by number. Exact: no floating point in between."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970. Raises TypeError for a time without zone."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(value: int) -> datetime:
    """The aware UTC time of `micros`."""
    return EPOCH + timedelta(microseconds=value)


def millis(moment: datetime) -> int:
    """Milliseconds since 1970, what is finer cut off downward. Raises TypeError for a time without zone."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_millis(value: int) -> datetime:
    """The aware UTC time of `millis`."""
    return EPOCH + timedelta(milliseconds=value)
