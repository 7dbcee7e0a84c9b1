"""Tables as people have them: CSV with any separator, Excel workbooks; whatever else a file is, it is refused in words."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from coaching import csv_file, sheet_file
from coaching.csv_file import FileRefused


def workbook(*sheets: tuple[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_workbook_becomes_lines_of_text_row_for_row():
    rows = [
        ["Name", "No", "Since"],
        ["Ana\nReyes", 7.0, date(2026, 11, 23)],
        [],
        ["=1+1", None, True, "more"],
    ]
    sheet = sheet_file.read(workbook(("Staff", rows)))
    assert (sheet.name, sheet.others) == ("Staff", [])
    assert sheet.text.splitlines() == [
        "Name,No,Since",
        "Ana Reyes,7,2026-11-23T00:00:00",
        ",,",
        ",,True,more",
    ]


def test_the_first_sheet_with_something_on_it_is_read_and_the_others_are_named():
    sheet = sheet_file.read(workbook(("Cover", []), ("Staff", [["email"]]), ("Notes", [["x"]])))
    assert (sheet.name, sheet.others, sheet.text) == ("Staff", ["Notes"], "email\n")


def test_only_as_many_rows_are_read_as_asked_for():
    assert sheet_file.read(workbook(("S", [[n] for n in range(9)])), most=2).text == "0\n1\n"


def of_zip(**files: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"PK\x03\x04 no workbook", "cannot be opened"),
        (of_zip(word="x"), "cannot be opened"),
        (b"\xd0\xcf\x11\xe0 an old one", "old Excel file"),
        (workbook(("S", [])), "is empty"),
        (b"%PDF-1.7\xff", "not UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(raw, says):
    with pytest.raises(FileRefused, match=says):
        sheet_file.read(raw)


def test_a_file_that_is_too_large_is_refused_before_it_is_opened(monkeypatch):
    monkeypatch.setattr(sheet_file, "MOST_BYTES", 10)
    with pytest.raises(FileRefused, match="at most 10 are read"):
        sheet_file.read(b"PK\x03\x04 and more")


def test_a_workbook_that_unpacks_to_more_than_memory_is_refused():
    """It is opened in a process of its own, within limits."""
    head = "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData>"
    cell = f"<row><c t='inlineStr'><is><t>{'a' * 300_000_000}</t></is></c></row>"
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(("S", [["email"]])))) as given,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
    ):
        for name in given.namelist():
            bomb.writestr(name, head + cell if name.endswith("sheet1.xml") else given.read(name))
    assert len(out.getvalue()) < 3_000_000
    with pytest.raises(FileRefused, match="cannot be opened"):
        sheet_file.read(out.getvalue())


@pytest.mark.parametrize(
    ("text", "separator"),
    [("a,b", ","), ("\n\na;b;c,d", ";"), ("a\tb", "\t"), ("a|b", "|"), ("alone", ","), ("", ",")],
)
def test_the_separator_is_found(text, separator):
    assert csv_file.separator_of(text) == separator
