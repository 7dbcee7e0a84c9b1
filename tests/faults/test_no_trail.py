"""Where the audit row cannot be written, the action fails whole: nothing of it stands."""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import world
from tests.faults.trail import HOUSE, PACKAGES, Trail, places
from tests.remembering import written

# What stands beside pages of the administration and of the sign-in library, each of which is one transaction.
OF_LIBRARIES = {"coaching/admin/base.py", "coaching/site/second_factor.py"}
HERE = ("", "self", "entry", "import_")  # how a file calls what is in it
LEAST_OF_A_DEPARTMENT = 45


@pytest.fixture
def trail(monkeypatch) -> Iterator[Trail]:
    found = Trail()
    found.install(monkeypatch.setattr)
    with written.set_aside():
        yield found


def test_each_write_of_a_department_is_taken_back(trail, empty):
    world.build()
    assert trail.left == {}
    assert trail.came_to == trail.held  # so none was swallowed
    assert trail.outside == set()
    assert len(trail.held) >= LEAST_OF_A_DEPARTMENT


@pytest.mark.deep
def test_each_write_of_all_tests_is_taken_back(tmp_path):
    """Whatever a quick test does, fails once for want of its audit row; then it is done, and the test goes on."""
    told = tmp_path / "told"
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.faults.trail", "--numprocesses=auto", "tests"],
        cwd=HOUSE,
        env={**os.environ, "NO_TRAIL": str(told)},
        stdout=subprocess.DEVNULL,
    )
    found = [json.loads(each.read_text()) for each in tmp_path.glob("told.*")]
    assert {place: tables for each in found for place, tables in each["left"].items()} == {}
    held = {place for each in found for place in each["held"]}
    assert {str(place) for place in places() if place.path not in OF_LIBRARIES} - held == set()


# By the code, for all places: the row is written in the transaction of what it tells.


class Code:
    """The functions of the program, and who calls them; a private one is called in its own file alone."""

    def __init__(self) -> None:
        self.functions: dict[str, list[tuple[str, ast.FunctionDef]]] = defaultdict(list)
        for package in PACKAGES:
            for path in sorted((HOUSE / package).rglob("*.py")):
                where = str(path.relative_to(HOUSE))
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.FunctionDef):
                        self.functions[node.name].append((where, node))
        self.calls: dict[str, list[tuple[str, ast.FunctionDef, str, bool]]] = defaultdict(list)
        for of, by in (each for found in self.functions.values() for each in found):
            for name, whose, inside in _called(by):
                self.calls[name].append((of, by, whose, inside))

    def is_atomic(self, path: str, node: ast.FunctionDef, seen: frozenset[str] = frozenset()) -> bool:
        """It is a transaction, or nobody calls it but from within one."""
        if any("atomic" in ast.unparse(decorator) for decorator in node.decorator_list):
            return True
        calls = [
            (of, by, inside)
            for of, by, whose, inside in self.calls[node.name]
            if (whose == Path(path).stem or (of == path and whose in HERE))
            or (not whose and all(each != of for each, _ in self.functions[node.name]))
        ]
        if node.name in seen or not calls:
            return node.name in seen
        return all(inside or self.is_atomic(of, by, seen | {node.name}) for of, by, inside in calls)


def _called(node: ast.AST, inside: bool = False) -> Iterator[tuple[str, str, bool]]:
    """What a function calls, and whether in a transaction that it begins itself."""
    for child in ast.iter_child_nodes(node):
        begins = isinstance(child, ast.With) and any(
            "atomic" in ast.unparse(item.context_expr) for item in child.items
        )
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name | ast.Attribute):
            whose, _, name = ast.unparse(child.func).rpartition(".")
            yield name, whose, inside
        if not isinstance(child, ast.FunctionDef):
            yield from _called(child, inside or begins)


def test_each_audit_row_is_written_in_the_transaction_of_its_write():
    code = Code()
    missing = []
    for place in places():
        [node] = [
            node
            for path, node in code.functions[place.function]
            if path == place.path and node.lineno <= place.line <= (node.end_lineno or 0)
        ]
        begins_one = {("record", "audit", True), ("record_many", "audit", True)} & set(_called(node))
        if place.path not in OF_LIBRARIES and not begins_one and not code.is_atomic(place.path, node):
            missing.append(str(place))
    assert missing == []
