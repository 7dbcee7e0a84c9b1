"""What several tests of pages about applications use."""

from html import unescape

from tests import factories


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def another(org, supervisor, name: str = "", unit=None):
    return factories.person(name, unit=unit or org.unit, supervisor=supervisor)
