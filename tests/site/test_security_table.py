"""docs/security.md goes through OWASP ASVS 5.0: every chapter is there, and every test that it names."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+)[\d.–]* \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/.]+)::(\w+)`")
CHAPTERS = 17
NO_TEST = {"17"}  # not for us


def rows() -> list[tuple[str, ...]]:
    return ROW.findall((ROOT / "docs/security.md").read_text())


def test_every_chapter_has_a_row():
    assert {chapter for chapter, *_ in rows()} == {str(number) for number in range(1, CHAPTERS + 1)}


def test_every_row_names_tests_that_are_there():
    for chapter, about, _kept, tests, _not_kept in rows():
        found = TEST.findall(tests)
        assert found or chapter in NO_TEST, f"{chapter} {about}: names no test"
        for path, name in found:
            file = ROOT / path
            assert file.is_file(), f"{chapter} {about}: {path} is not there"
            assert name.startswith("test_"), name
            assert re.search(rf"def {name}\b", file.read_text()), (
                f"{chapter} {about}: {name} is not in {path}"
            )
