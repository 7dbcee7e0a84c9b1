"""The moment at which tests take place unless they say otherwise."""

from datetime import UTC, date, datetime

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)
