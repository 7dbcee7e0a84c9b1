"""Who searches need not know capital from small letters, in any script and on either database."""

import pytest
from django.db import connection
from django.db.models import CharField, Value

from coaching import directory, people_visible
from coaching.models import User
from tests import factories

NAMES = ("Ada 100%_\\ Alvarez", "Nguyễn Thị Ánh", "Émile Øvergård", "Юлия Ким")


@pytest.fixture(autouse=True, params=["sqlite", pytest.param("postgresql", marks=pytest.mark.services)])
def people(request, db) -> None:
    """The same for each database."""
    assert connection.vendor == request.param
    for name in NAMES:
        factories.person(name, email=f"{NAMES.index(name)}@names.example.org")


def found(words: str) -> list[str]:
    return sorted(
        people_visible.found(User.objects.filter(email__endswith="@names.example.org"), words).values_list(
            "name", flat=True
        )
    )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("ÁNH", ["Nguyễn Thị Ánh"]),
        ("ánh nguyỄN", ["Nguyễn Thị Ánh"]),
        ("émile", ["Émile Øvergård"]),
        ("ØVERGÅRD", ["Émile Øvergård"]),
        ("юлия КИМ", ["Юлия Ким"]),
        ("ADA", ["Ada 100%_\\ Alvarez"]),
        ("anh", []),
        ("100%_\\", ["Ada 100%_\\ Alvarez"]),
        ("1%0", []),
        ("a_a", []),
        ("\\A", []),
        (".*", []),
        ("NAMES.Example", sorted(NAMES)),
    ],
)
def test_a_part_of_a_name_is_found_however_it_is_typed(words, names):
    assert found(words) == names


def test_a_whole_name_too():
    assert directory.find_person("NGUYỄN thị ánh").name == "Nguyễn Thị Ánh"
    with pytest.raises(directory.PersonNotFound):
        directory.find_person("thị ánh")


def test_what_is_empty_is_nothing_like_it():
    nobodys = User.objects.annotate(words=Value(None, output_field=CharField()))
    assert not nobodys.filter(words__icontains="a").exists()


def test_a_name_in_two_lines_is_one():
    User.objects.filter(name="Юлия Ким").update(name="Юлия\nКим")
    assert found("КИМ") == ["Юлия\nКим"]
