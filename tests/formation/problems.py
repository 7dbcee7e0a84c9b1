"""Small problems for the tests of this folder, and every way to split a few people."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from coaching.formation import Problem, parse

COMPETENCIES = ("Building Coalitions", "Building Trust and Accountability", "Maximizing Performance Results")


def person(id_: Any, **facts: Any) -> dict[str, Any]:
    return {"id": id_, **facts}


def crowd(number: int, **facts: Any) -> list[dict[str, Any]]:
    """`number` people who differ in nothing but their ids, P1 onwards."""
    return [person(f"P{place + 1}", **facts) for place in range(number)]


def problem_of(people: list[dict[str, Any]], **settings: Any) -> Problem:
    return parse({"people": people, **settings})


def ways_to_split(group: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """Every partition of the group into teams of these sizes; each once."""
    if not group:
        yield []
    for size in sizes:
        for others in combinations(group[1:], size - 1):
            rest = tuple(one for one in group[1:] if one not in others)
            for more in ways_to_split(rest, sizes):
                yield [(group[0], *others), *more]


@st.composite
def people(draw: st.DrawFn, least: int = 0, most: int = 8) -> list[dict[str, Any]]:
    rows = []
    for place in range(draw(st.integers(least, most))):
        ratings = draw(st.lists(st.sampled_from(["grow", "glow", ""]), min_size=3, max_size=3))
        row = person(
            f"P{place + 1}",
            division=draw(st.sampled_from(["North", "South", "East", None])),
            classification=draw(st.sampled_from(["Analyst", "Manager", None])),
            track=draw(st.sampled_from(["Policy", "Operations", None])),
            grow=[name for name, rating in zip(COMPETENCIES, ratings, strict=True) if rating == "grow"],
            glow=[name for name, rating in zip(COMPETENCIES, ratings, strict=True) if rating == "glow"],
        )
        slots = draw(st.none() | st.lists(st.sampled_from("abcde"), unique=True, max_size=5))
        rows.append(row if slots is None else {**row, "slots": slots})
    return rows


@st.composite
def problems(draw: st.DrawFn, least: int = 0, most: int = 8) -> dict[str, Any]:
    """Input that `parse` accepts: pins are pairs that share nobody, and nobody in a pin is kept apart."""
    rows = draw(people(least, most))
    ids = [row["id"] for row in rows]
    pins = draw(st.integers(0, min(2, len(ids) // 2)))
    free = ids[2 * pins :]
    apart = draw(st.lists(st.sampled_from(list(combinations(free, 2))), max_size=4)) if len(free) > 1 else []
    return {
        "people": rows,
        "apart": [list(pair) for pair in apart],
        "together": [[ids[2 * pin], ids[2 * pin + 1]] for pin in range(pins)],
        "sizes": draw(st.sampled_from([[3, 4], [2], [4, 5, 6], [2, 3]])),
        "weights": {"track": draw(st.sampled_from([0, 5, -5]))},
    }
