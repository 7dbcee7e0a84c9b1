"""For more people than the exact search can take at once: take some teams, seat their people anew, again and again."""

from collections import Counter
from collections.abc import Callable

import numpy as np

from coaching.formation.arrays import Array, Arrays
from coaching.formation.clock import Clock
from coaching.formation.columns import how_many
from coaching.formation.exact import Exact

MOST_COLUMNS = 160_000  # of the teams taken: 12 teams of four, a tenth of a second
TURNS = 2  # of diving and proving, at most, each time


def improve(
    arrays: Arrays,
    teams: Array,
    *,
    rng: np.random.Generator,
    clock: Clock,
    goal: int,
    report: Callable[[Array], None],
) -> Array:
    """Teams at least as good, of the same sizes, until the clock ends or the score is `goal`.

    `teams`: rows of places, filled up with nobody. `report` gets each that is better.
    """
    teams = teams.copy()
    worth = arrays.score(teams).astype(np.int64)
    size = (teams != arrays.nobody).sum(axis=1)
    most = _best_worth(arrays)[size]
    while clock.progress() < 1 and worth.sum() < goal:
        clock.spend(200)
        taken = _neighbors(rng, most - worth, size)
        people = teams[taken][teams[taken] != arrays.nobody]
        counts = Counter(size[taken].tolist())
        search = Exact(
            arrays, people, counts, clock=clock, lower=int(worth[taken].sum()), upper=int(most[taken].sum())
        )
        found = search.run(teams[taken], most_turns=TURNS).teams
        if found is None:
            continue
        found = found[np.argsort(-(found != arrays.nobody).sum(axis=1), kind="stable")]
        places = taken[np.argsort(-size[taken], kind="stable")]
        teams[places, : found.shape[1]] = found
        worth[places] = arrays.score(teams[places])
        report(teams)
    return teams


def _best_worth(arrays: Arrays) -> Array:
    """No team of a size scores more: (size,)."""
    weights = arrays.problem.weights
    a_person = weights.classification + weights.division + weights.competency + 3 * weights.slots
    return (a_person + max(weights.track, 0)) * np.arange(len(arrays.slot_points) // 4)


def _neighbors(rng: np.random.Generator, loss: Array, size: Array) -> Array:
    """Teams to take: those that lose more are likelier; as many as the exact search takes quickly."""
    odds = (loss - loss.min() + 1.0) ** 0.5
    order = np.argsort(rng.random(len(loss)) ** (1 / odds))[::-1]
    taken: list[int] = []
    people, sizes = 0, set[int]()
    for team in order.tolist():
        people += int(size[team])
        sizes.add(int(size[team]))
        if len(taken) > 1 and how_many(people, sorted(sizes)) > MOST_COLUMNS:
            break
        taken.append(team)
    return np.array(taken)
