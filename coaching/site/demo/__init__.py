"""Invented people and a cohort in every phase of the program, each phase on show (`manage.py demo`)."""

from coaching.site.demo.loading import PHASES, is_loaded, load
from coaching.site.demo.people import PASSWORD, DemoPerson, people

__all__ = ["PASSWORD", "PHASES", "DemoPerson", "is_loaded", "load", "people"]
