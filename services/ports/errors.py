"""The three errors of every port; adapters translate vendor errors into them, with the cause chained.

PortError
  Unavailable     the other side does not answer: wait, commit nothing, try again
  Unprocessable   this input can never be done: park it with its reason
  Conflict        somebody was first: read again and decide anew
"""


class PortError(Exception):
    """What a port could not do, in words for the operator."""


class Unavailable(PortError):
    """The other side cannot be reached, is full or too slow. Nothing was done, or it may be done again."""


class Unprocessable(PortError):
    """The input cannot be processed, now or later."""


class Conflict(PortError):
    """The revision that a write expected is no longer the current one."""
