"""Lists as files for a spreadsheet: whole, and never a formula."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coaching import spreadsheet

# As a spreadsheet may see it; written apart from the code that keeps it away.
FORMULA = re.compile(r"[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def read(response) -> list[list[str]]:
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content, newline="")))


@pytest.mark.parametrize(
    "before", ["", "\t", "\r", "\n", "  ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u2060 \t", "\u034f"]
)
@pytest.mark.parametrize("sign", "=+-@＝＋－＠﹦﹢﹣﹫⁼⁺⁻−")
def test_what_would_be_a_formula_is_a_text(before, sign):
    assert spreadsheet.cell(f"{before}{sign}1") in (f"'{before}{sign}1", f"'{before}'{sign}1")


@pytest.mark.parametrize("typed", ["\tAna", "\rAna", "\nAna"])
def test_what_begins_another_cell_is_a_text(typed):
    assert spreadsheet.cell(typed) == f"'{typed}"


@pytest.mark.parametrize("typed", ["Ana;=1", "Ana; \u200b=1", "Ana\t@x", "Ana\n+1", "Ana\r\n-1"])
def test_with_another_separator_it_is_no_formula_either(typed):
    """A program that is set to ; or tabs begins a cell there, and takes no notice of quotes in the middle of one."""
    for separator in ";\t":
        (line,) = spreadsheet.lines(["x"], [])
        assert line == "x\r\n"
        file = "".join(spreadsheet.lines(["x", "y"], [["Bo", typed]]))
        cells = [part for row in re.split(r"[\r\n]+", file) for part in row.split(separator)]
        assert not [each for each in cells if FORMULA.match(each)], cells


@pytest.mark.parametrize(
    "typed",
    ["Ana Reyes", "O’Neil-Cruz", "a=b", "2027-003-0001", "", " ", "李小龍", "אבי", "a;b", "5 + 3", "–"],
)
def test_everything_else_stays_as_it_is(typed):
    assert spreadsheet.cell(typed) == typed


@given(
    st.text(st.sampled_from("=+-@＝＋－＠'\"a,;\t\r\n \u200b\ufeff\u00a0\u3000\x00"), max_size=8)
    | st.text(max_size=8)
)
def test_nothing_typed_is_a_formula_and_all_of_it_is_there(typed):
    shown = spreadsheet.cell(typed)
    assert not FORMULA.match(shown)
    assert shown.replace("'", "") == typed.replace("'", "")


def test_commas_quotes_and_lines_come_back_as_they_were():
    rows = [['Reyes, "Ana"', "two\nlines"], ["=cmd|'/c calc'!A0", 3]]
    response = spreadsheet.answer(spreadsheet.Table("list", "List", ["Name", "Number, if any"], rows))
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
    assert next(lines) == "Number\r\n"
    assert asked == []
    assert (next(lines), asked) == ("0\r\n", [0])
