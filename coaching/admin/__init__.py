"""The administration: every model of this app, a module a topic."""

from coaching.admin import people, programs, records, teams

__all__ = ["people", "programs", "records", "teams"]
