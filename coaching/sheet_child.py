"""Reads an Excel workbook on standard input, and writes the table of its first sheet that has one as CSV.

Run by coaching/sheet_file.py as a script, in a sandbox. A line before the workbook says how many rows to read. The first
line written is JSON: which sheet it was, and which others have
something. It exits with an error where the workbook cannot be opened, and is killed at its limits.
"""

import csv
import io
import json
import sys
from datetime import date, datetime, time
from pathlib import Path

SECONDS = 30  # of a processor
MEMORY = 512 * 2**20
MOST_COLUMNS = 201  # one more than whoever reads the table takes
HEAD = 50  # rows in which a sheet has to have something


def main() -> None:
    sys.path.append(str(Path(__file__).parents[1]))
    from coaching import sandbox  # noqa: PLC0415 (found by the line before)

    sandbox.enter(seconds=SECONDS, memory=MEMORY)
    import openpyxl  # noqa: PLC0415 (within the limits)

    most = int(sys.stdin.buffer.readline())
    book = openpyxl.load_workbook(io.BytesIO(sys.stdin.buffer.read()), read_only=True, data_only=True)
    sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and _has_words(sheet)]
    head = {"sheet": sheets[0].title if sheets else "", "others": [sheet.title for sheet in sheets[1:]]}
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    out.write(json.dumps(head) + "\n")
    writer = csv.writer(out, lineterminator="\n")
    width = 0  # of the first row with words, which names the columns
    for row in _rows(sheets[0], most) if sheets else ():
        cells = [_text(value) for value in row[:MOST_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        width = width or len(cells)
        writer.writerow(cells + [""] * (width - len(cells)))
    out.flush()


def _rows(sheet, most):
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    return sheet.iter_rows(max_row=most, values_only=True)


def _has_words(sheet) -> bool:
    return any(_text(value) for row in _rows(sheet, HEAD) for value in row)


def _text(value: object) -> str:
    """On one line, so that a row of the sheet is a line of the table."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (datetime, date, time)):
        value = value.isoformat()
    return " ".join(str(value).split())


if __name__ == "__main__":
    main()
