"""The office's time zone: what a local day, an hour without a zone and a digest's morning mean."""

from __future__ import annotations

from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""UTC+7 all the year. Not a setting: commands, queries and letters must mean the same day (contracts.md, section 2)."""
