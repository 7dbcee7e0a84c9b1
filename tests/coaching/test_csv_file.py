"""Tables that are read: measured before they are parsed, whatever they are made of."""

import tracemalloc
from pathlib import Path

import pytest

from coaching import csv_file, staff_file
from coaching.csv_file import FileRefused
from tests.coaching.test_staff_import import HEADER

MEGABYTE = 2**20
HUGE = {
    "columns": ("," * 4_900_000, "line 1: The line has more than 200 columns."),
    "columns of a row": (f"{HEADER}\n{',' * 4_900_000}", "line 2: The line has more than 200 columns."),
    "columns over many lines": (
        f"{HEADER}\n" + '"\n",,,,,,,,' * 30_000,
        "line 2: The row that begins here has more than 50 lines. Are its quotes closed?",
    ),
    "empty lines": (
        f"{HEADER}\n" + "\n" * 4_900_000,
        "more than 40,002 lines; at most 20,001 rows are read.",
    ),
    "old empty lines": (f"{HEADER}\r" + "\r" * 4_900_000, "more than 40,002 lines"),
    "a quote that is never closed": (f'{HEADER}\n"' + "a\n" * 30_000, "Are its quotes closed?"),
    "a cell": (f"{HEADER}\n" + "a" * 4_900_000, "line 2: The row that begins here cannot be read"),
}


@pytest.mark.parametrize("what", HUGE)
def test_what_is_too_much_is_refused_in_little_memory(what):
    text, says = HUGE[what]
    tracemalloc.start()
    try:
        assert says in said_of(text)
        assert tracemalloc.get_traced_memory()[1] < 32 * MEGABYTE
    finally:
        tracemalloc.stop()


def said_of(text: str) -> str:
    """Why a file is refused, line by line."""
    try:
        problems = staff_file.parse(text).problems
    except FileRefused as refusal:
        problems = refusal.problems
    return "\n".join(map(str, problems))


def test_more_people_than_fit_are_refused_where_they_begin():
    text = f"{HEADER}\n" + "".join(f"p{number}@example.org,A,,,,,,,\n" for number in range(20_001))
    assert said_of(text) == "line 20002: More than 20,000 people. Split the file."


def test_as_many_empty_lines_as_people_are_no_trouble():
    people = "".join(f"p{number}@example.org,A,,,,,,,\n\n" for number in range(100))
    assert len(staff_file.parse(f"{HEADER}\n{people}").rows) == 100


def test_a_cell_may_have_lines_and_the_next_row_knows_its_own():
    problems = []
    rows = csv_file.records('a,"b\n\nc"\r\n\r\nd,e', problems, most=10)
    assert (list(rows), problems) == ([(1, ["a", "b\n\nc"]), (5, ["d", "e"])], [])


def test_a_link_to_something_else_than_a_file_is_not_read(tmp_path: Path):
    with pytest.raises(FileRefused, match="There is no file"):
        csv_file.content_of(Path("/dev/zero"))
