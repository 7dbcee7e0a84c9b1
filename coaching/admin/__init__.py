"""The administration: every model of this app, a module a topic."""

from coaching.admin import people, programs, records, retention, teams

__all__ = ["people", "programs", "records", "retention", "teams"]
