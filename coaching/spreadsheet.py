"""A list as a file that people open in a spreadsheet. Every list that leaves the site as a table is made here."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from coaching.typed import BLANK_LETTERS

# With these a spreadsheet begins a formula; the wide and small ones too, where its language writes them.
SIGNS = "=+-@\u2212"
# Where a cell begins: at its first letter; and behind these for a program that is set to another separator.
BEGINNINGS = re.compile(r"^|[;\t\r\n]")
MARK = "\ufeff"  # by which Excel knows that it is UTF-8
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_IN_A_TITLE = re.compile(r"[\\/*?:\[\]]")  # of a sheet
LONGEST_TEXT = 32_767  # of a cell
NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cell(value: object) -> str:
    """As a text: what somebody typed is never run as a formula."""
    text = str(value)
    parts, done = [], 0
    for begins in BEGINNINGS.finditer(text):
        if _is_formula(text, begins.end()):
            parts += [text[done : begins.end()], "'"]
            done = begins.end()
    safe = "".join([*parts, text[done:]])
    return f"'{safe}" if safe.startswith(("\t", "\r", "\n")) else safe


def _is_formula(text: str, start: int) -> bool:
    """Spaces, controls and what cannot be seen stand before the sign, or nothing does."""
    for place in range(start, len(text)):
        if not _is_passed_over(text[place]):
            return unicodedata.normalize("NFKC", text[place])[0] in SIGNS
    return False


def _is_passed_over(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter)[0] in "CM" or letter in BLANK_LETTERS


class _Line:
    """A file that hands back what is written to it."""

    def write(self, line: str) -> str:
        return line


def lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    for row in chain([header], rows):
        yield writer.writerow([cell(value) for value in row])


@dataclass(frozen=True)
class Table:
    """What is sent as a file. `name`: the file's, without its extension, of plain letters; `title`: of its sheet.

    `about`: what a second sheet of a workbook says of it, as which filters it has.
    """

    name: str
    title: str
    header: Sequence[str]
    rows: Iterable[Sequence[object]]
    about: Sequence[tuple[str, object]] = ()


def answer(table: Table) -> StreamingHttpResponse:
    """As CSV, sent row by row."""
    response = StreamingHttpResponse(
        chain([MARK], lines(table.header, table.rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{table.name}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Without the mark: programs read this one too."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(lines(header, rows))


def workbook(table: Table) -> HttpResponse:
    """As a file of Excel: numbers as numbers, days as days; a text is told to be one, whatever it begins with.

    Only the finished file is in memory.
    """
    import openpyxl  # noqa: PLC0415 (only who asks for such a file pays for it)

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(NOT_IN_A_TITLE.sub(" ", table.title)[:31])
    sheet.freeze_panes = "A2"
    _fill(sheet, chain([table.header], table.rows))
    if table.about:
        _fill(book.create_sheet("About this list"), table.about)
    file = io.BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=EXCEL)
    response["Content-Disposition"] = f'attachment; filename="{table.name}.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response


def asked_for(request: HttpRequest, table: Table) -> HttpResponseBase:
    """The kind of file that the address names: `as=xlsx`, or CSV."""
    return workbook(table) if request.GET.get("as") == "xlsx" else answer(table)


def _fill(sheet: Any, rows: Iterable[Sequence[object]]) -> None:
    for row in rows:
        sheet.append([_typed(sheet, value) for value in row])


def _typed(sheet: Any, value: object) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 (as above)

    if isinstance(value, int | float):
        return value
    if isinstance(value, date):
        made = WriteOnlyCell(sheet, value)
        made.number_format = "yyyy-mm-dd"
        return made
    text = NOT_IN_XML.sub("", str(value))[:LONGEST_TEXT]
    made = WriteOnlyCell(sheet, text)
    made.data_type = "s"
    made.quotePrefix = cell(text) != text  # who edits the cell makes no formula of it either
    return made
