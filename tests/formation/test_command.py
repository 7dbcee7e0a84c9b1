"""The solver alone: JSON to JSON, exit codes, and no Django."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.formation_instances import instance
from coaching.formation.__main__ import main

from .problems import crowd, person

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write(tmp_path):
    def write_(content: str | bytes) -> str:
        path = tmp_path / "problem.json"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write_


def test_a_problem_gives_a_proposal(write, capsys):
    assert main([write("\ufeff" + json.dumps(instance(20, seed=1))), "--steps", "500", "--seed", "3"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result) == [
        "teams",
        "left_out",
        "score",
        "bound",
        "status",
        "bound_by",
        "seconds",
        "reasons",
        "words",
    ]
    assert sorted(one for team in result["teams"] for one in team) == sorted(
        f"P{one + 1}" for one in range(20)
    )
    assert set(result["reasons"][0][0]) == {"label", "title", "hard", "points", "ok", "words"}
    assert sum(finding["points"] for team in result["reasons"] for finding in team) == result["score"]


def test_nothing_to_be_formed_is_an_answer(write, capsys):
    assert main([write(json.dumps({"people": crowd(2)}))]) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "infeasible"


def test_bad_input_exits_2_with_one_line_for_each_mistake(write, capsys):
    assert (
        main([write(json.dumps({"people": [person("a\nb"), person("a\nb"), person("")], "sizes": []}))]) == 2
    )
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines() == [
        "people[1].id: people[0] already has the id 'a\\nb'",
        "people[2].id: must be text or a whole number, not ''",
        "sizes: must name at least one team size",
    ]


@pytest.mark.parametrize(
    "content",
    ["", "{", "[" * 100_000, b"\xff", '{"people": [], "people": []}', '{"people": [NaN]}', "9" * 5000],
)
def test_what_is_no_problem_at_all_exits_2_with_one_line(write, capsys, content):
    assert main([write(content)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_missing_file_exits_2(tmp_path, capsys):
    assert main([str(tmp_path / "none.json")]) == 2
    assert capsys.readouterr().err.endswith("none.json: No such file or directory\n")


@pytest.mark.parametrize(
    "option", [["--seconds", "-1"], ["--seconds", "nan"], ["--seed", "x"], ["--steps", "-1"]]
)
def test_bad_options_exit_2(write, option):
    with pytest.raises(SystemExit) as stopped:
        main([write('{"people": []}'), *option])
    assert stopped.value.code == 2


def test_it_runs_without_django():
    code = "import sys, coaching.formation.__main__; assert 'django' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_it_runs_as_a_module(write):
    path = write(json.dumps({"people": crowd(3)}))
    command = [sys.executable, "-m", "coaching.formation", path, "--seconds", "1", "--seed", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["teams"] == [["P1", "P2", "P3"]]
