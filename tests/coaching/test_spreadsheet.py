"""Lists as files for a spreadsheet: whole, and never a formula."""

import csv
import io

import pytest

from coaching import spreadsheet


def read(response) -> list[list[str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


@pytest.mark.parametrize(
    "typed",
    ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1", "＋1", "－1", "＠x"],
)
def test_what_would_be_a_formula_is_a_text(typed):
    assert spreadsheet.cell(typed) == f"'{typed}"


@pytest.mark.parametrize("typed", ["Ana Reyes", "O’Neil-Cruz", "a=b", "2027-003-0001", "", "李小龍", "אבי"])
def test_everything_else_stays_as_it_is(typed):
    assert spreadsheet.cell(typed) == typed


def test_commas_quotes_and_lines_come_back_as_they_were():
    rows = [['Reyes, "Ana"', "two\nlines"], ["=cmd|'/c calc'!A0", 3]]
    response = spreadsheet.answer("list", ["Name", "Number, if any"], rows)
    assert response["Content-Disposition"] == 'attachment; filename="list.csv"'
    assert read(response) == [
        ["Name", "Number, if any"],
        ['Reyes, "Ana"', "two\nlines"],
        ["'=cmd|'/c calc'!A0", "3"],
    ]


def test_rows_are_asked_for_one_by_one():
    asked = []

    def rows():
        for number in range(3):
            asked.append(number)
            yield [number]

    lines = spreadsheet.lines(["Number"], rows())
    assert next(lines) == "\ufeffNumber\r\n"
    assert asked == []
    assert (next(lines), asked) == ("0\r\n", [0])
