"""script/audit: what the program stands on, and under which licenses."""

import importlib.util
import subprocess
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("licenses", ROOT / "script/_licenses.py")
licenses = importlib.util.module_from_spec(spec)
spec.loader.exec_module(licenses)


def test_every_dependency_has_a_license_that_is_on_the_list():
    done = subprocess.run([ROOT / "script/audit"], capture_output=True, text=True, cwd="/", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for line in ("Python: ", "npm: ", "  django 5.2", "  axe-core "):
        assert line in done.stdout


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND BSD-3-Clause", True),
        ("MIT AND (AGPL-3.0-only OR GPL-3.0-only)", False),
        ("", False),
    ],
)
def test_expressions(expression, allowed):
    assert licenses.is_allowed(expression) is allowed


@pytest.mark.parametrize(
    ("stated", "allowed"),
    [
        ({"License": "BSD"}, True),
        ({"License": "Proprietary"}, False),
        ({"Classifier": "License :: OSI Approved :: GNU Affero General Public License v3"}, False),
        ({"License": "MIT License\n\nPermission is hereby granted"}, False),
        ({}, False),
    ],
)
def test_what_a_package_states(stated, allowed):
    meta = Message()
    for name, value in stated.items():
        meta[name] = value
    package = SimpleNamespace(version="1", metadata=meta)
    assert licenses.of_distribution("a-package", ["1"], package).allowed is allowed
    assert not licenses.of_distribution("a-package", ["2"], package).allowed
