"""docs/rules.md names, for every rule of the program, the code that keeps it and the test that proves it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = {"F": 5, "A": 15, "T": 10, "M": 18, "C": 8}
IDS = [f"{letter}{number}" for letter, last in RULES.items() for number in range(1, last + 1)]
ROW = re.compile(r"^\| ([FATMC]\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
REFERENCE = re.compile(r"`([\w/.]+)(?:::(\w+))?`")


def rows() -> dict[str, tuple[str, str]]:
    found = ROW.findall((ROOT / "docs/rules.md").read_text())
    assert len(found) == len({rule for rule, *_ in found}), "a rule stands twice"
    return {rule: (code, test) for rule, _what, code, test in found}


def test_every_rule_has_a_row():
    assert sorted(rows()) == sorted(IDS)


@pytest.mark.parametrize("rule", IDS)
def test_what_the_row_names_exists(rule):
    code, test = rows()[rule]
    if code.startswith("not yet"):
        assert test == "–"
        return
    for cell in (code, test):
        references = REFERENCE.findall(cell)
        assert references, f"{rule}: names nothing in {cell!r}"
        for path, name in references:
            assert (ROOT / path).is_file(), f"{rule}: {path} is not there"
            if name:
                defined = re.compile(rf"^\s*(?:def|class) {name}\b|^{name}\b|^\s+{name} = ", re.MULTILINE)
                assert defined.search((ROOT / path).read_text()), f"{rule}: {name} is not in {path}"
    assert all(name.startswith("test_") for _path, name in REFERENCE.findall(test)), f"{rule}: name tests"
