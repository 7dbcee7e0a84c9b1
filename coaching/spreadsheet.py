"""A list as a file that people open in a spreadsheet. Every list that leaves the site as a table is made here."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

from coaching.typed import BLANK_LETTERS

# With these a spreadsheet begins a formula; the wide and small ones too, where its language writes them.
SIGNS = "=+-@\u2212"
# Where a cell begins: at its first letter; and behind these for a program that is set to another separator.
BEGINNINGS = re.compile(r"^|[;\t\r\n]")
MARK = "\ufeff"  # by which Excel knows that it is UTF-8
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_IN_A_TITLE = re.compile(r"[\\/*?:\[\]]")  # of a sheet
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


def answer(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """The file, sent row by row. `name`: without its extension, of plain letters."""
    response = StreamingHttpResponse(
        chain([MARK], lines(header, rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Without the mark: programs read this one too."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.writelines(lines(header, rows))


def workbook(name: str, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """The same as a file of Excel, numbers as numbers. A text is told to be one, whatever it begins with."""
    import openpyxl  # noqa: PLC0415 (only who asks for such a file pays for it)

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(NOT_IN_A_TITLE.sub(" ", title)[:31])
    sheet.freeze_panes = "A2"
    for row in chain([header], rows):
        sheet.append([_typed(sheet, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    response = HttpResponse(file.getvalue(), content_type=EXCEL)
    response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    response["Cache-Control"] = "private, no-store"
    return response


def _typed(sheet: Any, value: object) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 (as above)

    if isinstance(value, int | float):
        return value
    made = WriteOnlyCell(sheet, NOT_IN_XML.sub("", str(value)))
    made.data_type = "s"
    return made
