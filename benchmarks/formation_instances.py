"""Invented cohorts of any number of people, for benchmarks and tests of the team formation."""

import random
from typing import Any

DIVISIONS = (22, 17, 14, 11, 9, 8, 7, 5, 4, 3)  # weights: few large ones, many small ones
CLASSIFICATIONS = (30, 20, 15, 12, 9, 6, 5, 3)
TRACKS = (40, 30, 20, 10)
COMPETENCIES = (
    "Fostering a Team Environment",
    "Creating Organizational Transformation",
    "Maximizing Performance Results",
    "Building Trust and Accountability",
    "Promoting a High Performance Culture",
    "Building Coalitions",
)
GROW = (30, 25, 15, 12, 10, 8)
SLOTS = 20  # the first half in the morning
UNIT_SIZE = 4


def instance(number: int, seed: int) -> dict[str, Any]:
    """A problem as `coaching.formation.parse` takes it; the same seed gives the same."""
    rng = random.Random(f"{number}/{seed}")
    people = [_person(rng, place) for place in range(number)]
    return {"people": people, "apart": _apart(rng, [person["id"] for person in people])}


def _person(rng: random.Random, place: int) -> dict[str, Any]:
    grow = _draw(rng, GROW, set())
    glow = _draw(rng, GROW[::-1], set(grow))
    early = rng.random() < 0.5
    slots = [
        f"slot {slot + 1}"
        for slot in range(SLOTS)
        if rng.random() < (0.7 if (slot < SLOTS // 2) == early else 0.4)
    ]
    return {
        "id": f"P{place + 1}",
        "division": f"Division {_one(rng, DIVISIONS) + 1}",
        "classification": f"Classification {_one(rng, CLASSIFICATIONS) + 1}",
        "track": f"Track {_one(rng, TRACKS) + 1}",
        "grow": [COMPETENCIES[one] for one in grow],
        "glow": [COMPETENCIES[one] for one in glow],
        "slots": slots,
    }


def _one(rng: random.Random, weights: tuple[int, ...]) -> int:
    return rng.choices(range(len(weights)), weights)[0]


def _draw(rng: random.Random, weights: tuple[int, ...], taken: set[int]) -> list[int]:
    """One to three different competencies (40, 40, 20 %), none of those taken."""
    wanted = rng.choices((1, 2, 3), (40, 40, 20))[0]
    drawn: list[int] = []
    while len(drawn) < wanted:
        one = _one(rng, weights)
        if one not in drawn and one not in taken:
            drawn.append(one)
    return drawn


def _apart(rng: random.Random, ids: list[str]) -> list[list[str]]:
    """Half of the pairs of one small unit, and one random pair for every twelve people."""
    unit = rng.sample(ids, min(UNIT_SIZE, len(ids)))
    pairs = [[one, other] for place, one in enumerate(unit) for other in unit[place + 1 :]]
    apart = rng.sample(pairs, len(pairs) // 2)
    if len(ids) > 1:
        apart += [rng.sample(ids, 2) for _ in range(len(ids) // 12)]
    return apart
