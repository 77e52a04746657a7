"""`Record`: the form of everything that is stored, sent or read from a config file.

msgspec structs: frozen and slotted as dataclasses are, and they also refuse unknown keys (config), rename
`class_` to `class` (contracts) and decode ten times as fast as json. Each says `frozen=True, kw_only=True` itself.
"""

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, rename={"class_": "class"}):
    """A value of the domain."""
