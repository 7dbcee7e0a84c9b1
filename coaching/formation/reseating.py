"""The change that asks the fewest people again.

`keep` names the present teams. A team that stays exactly as it is asks nobody; of any other team, all members are
asked (T4). In this order: the fewest people wait, and only people without a standing team do; the fewest are
asked; the preferred sizes (T1); the score.

Who is asked are the people without a standing team and those of the teams that are opened. So ways to open teams
are gone through by how many people that asks, beginning with none; for each, the exact search seats these people.
The first number of people that works is the fewest; of all ways with that number, the best is taken.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

from coaching.formation.answer import asked_again, make_result, reasons_to_wait
from coaching.formation.arrays import Arrays
from coaching.formation.bounds import counting_bound
from coaching.formation.clock import Clock
from coaching.formation.columns import how_many
from coaching.formation.exact import MOST_COLUMNS, Exact
from coaching.formation.masks import Masks
from coaching.formation.problem import Problem, Result
from coaching.formation.rules import broken_rules, score_team
from coaching.formation.seating import find_team
from coaching.formation.sizes import preference, splits

MOST_WAYS = 20_000  # to open teams and to choose who waits, for one number of people asked
IMPOSSIBLE = -(1 << 40)  # less than any score

Watch = Callable[[Result], None]
Team = Sequence[int]


class Way(NamedTuple):
    """`people` are seated anew, all others stay; no better key can come of it than `most`."""

    most: tuple[tuple[int, ...], int]  # the preference of the sizes, the score
    people: tuple[int, ...]
    standing: tuple[tuple[int, ...], ...]


def reseat(problem: Problem, clock: Clock, watch: Watch) -> Result:
    """`watch` gets what is best so far: at first the present teams as they are, with the others waiting."""
    return _Reseating(problem, clock, watch).run()


class _Reseating:
    """People as places."""

    def __init__(self, problem: Problem, clock: Clock, watch: Watch) -> None:
        self.problem, self.clock, self.watch = problem, clock, watch
        self.arrays = Arrays(problem)
        self.present = _standing(problem)
        placed = {place for team in self.present for place in team}
        self.loose = [place for place in range(len(problem.people)) if place not in placed]
        self.stuck = _stuck(problem, self.loose)
        self.loose = [place for place in self.loose if place not in self.stuck]
        self.points = {team: self._score(team) for team in self.present}
        self.best: list[Team] = list(self.present)
        self.proven = False

    def run(self) -> Result:
        self.watch(self._result())
        for waiting in range(len(self.loose) + 1):
            if self._seat_all_but(waiting):
                break
        return self._result()

    def _seat_all_but(self, waiting: int) -> bool:
        """Whether the search ends here: with teams, with all loose people waiting, or out of time."""
        if waiting == len(self.loose):
            self.proven = True
            return True
        for opened in self._sums():
            ways = self._ways(waiting, opened)
            if ways is None:
                return True
            found = self._best_of(ways)
            if found is None:
                return True
            if found:
                self.proven = True
                return True
        return False

    def _sums(self) -> list[int]:
        """How many people the teams that are opened can have, all together; the fewest first."""
        sums = {0}
        for team in self.present:
            sums |= {each + len(team) for each in sums}
        return sorted(sums)

    def _ways(self, waiting: int, opened: int) -> list[Way] | None:
        """All ways to open teams of so many people, the most promising first. None: too many to look at."""
        number = len(self.loose) - waiting + opened
        sizes = next(splits(number, self.problem.sizes), None)
        if sizes is None:
            return []
        chosen = self._openings(opened)
        if chosen is None or len(chosen) * comb(len(self.loose), waiting) > MOST_WAYS:
            return None
        ways = []
        for teams in chosen:
            standing = tuple(team for team in self.present if team not in teams)
            points = sum(self.points[team] for team in standing)
            for left in combinations(self.loose, waiting):
                loose = [place for place in self.loose if place not in left]
                people = tuple(sorted([*loose, *(place for team in teams for place in team)]))
                most = counting_bound(self.problem, [self.problem.people[place] for place in people], sizes)
                ways.append(Way((preference(sizes, self.problem.sizes), points + most), people, standing))
        return sorted(ways, key=lambda way: way.most, reverse=True)

    def _openings(self, opened: int) -> list[tuple[tuple[int, ...], ...]] | None:
        """Sets of present teams with so many people. None: too many to look at."""
        found: list[tuple[tuple[int, ...], ...]] = []
        smallest, largest = min(map(len, self.present), default=1), max(map(len, self.present), default=1)
        for many in range(-(-opened // largest), opened // smallest + 1):
            if comb(len(self.present), many) > MOST_WAYS:
                return None
            found += [teams for teams in combinations(self.present, many) if sum(map(len, teams)) == opened]
        return found

    def _best_of(self, ways: Sequence[Way]) -> bool | None:
        """Take the best of these ways; whether there is one. None: out of time before all were looked at."""
        best: tuple[tuple[int, ...], int] | None = None
        for way in ways:
            if best is not None and way.most <= best:
                break
            if self.clock.progress() >= 1:
                return None
            for found in self._seatings(way, best):
                if found is None:
                    return None
                best, teams = found
                self.best = [*way.standing, *teams]
                self.watch(self._result())
        return best is not None

    def _seatings(
        self, way: Way, best: tuple[tuple[int, ...], int] | None
    ) -> Iterator[tuple[tuple[tuple[int, ...], int], list[Team]] | None]:
        """The way's best seating, if its key is above `best`. None: that cannot be told in the time, or at all."""
        standing = sum(self.points[team] for team in way.standing)
        for sizes in splits(len(way.people), self.problem.sizes):
            preferred = preference(sizes, self.problem.sizes)
            if best is not None and preferred < best[0]:
                return
            counts = Counter(sizes)
            if how_many(len(way.people), list(counts)) > MOST_COLUMNS:
                yield None
                return
            lower = best[1] - standing if best is not None and preferred == best[0] else IMPOSSIBLE
            search = Exact(
                self.arrays,
                way.people,
                counts,
                clock=self.clock,
                lower=lower,
                upper=way.most[1] - standing if preferred == way.most[0] else -IMPOSSIBLE,
                worth=40 * len(way.people),
            )
            outcome = search.run(np.zeros((0, 1), dtype=np.intp))
            if outcome.teams is not None:
                yield (preferred, outcome.score + standing), self._teams(outcome.teams.tolist())
            if not outcome.proven:
                yield None
            if outcome.teams is not None or not outcome.proven:
                return

    def _teams(self, rows: list[list[int]]) -> list[Team]:
        return [[place for place in row if place != self.arrays.nobody] for row in rows]

    def _score(self, team: Team) -> int:
        return score_team(self.problem, [self.problem.people[place].id for place in team])

    def _result(self) -> Result:
        """`bound` speaks of arrangements that ask so many people."""
        problem, teams = self.problem, [list(team) for team in self.best]
        seated = {place for team in teams for place in team}
        waiting = [place for place in self.loose if place not in seated]
        found = "leave no split" if self.proven else "left no split that was found"
        weights = problem.weights
        a_person = weights.classification + weights.division + weights.competency + 3 * weights.slots
        return make_result(
            problem,
            teams,
            reasons_to_wait(problem, waiting, self.stuck, found, chosen=False),
            bound=None if self.proven else (a_person + max(weights.track, 0)) * len(problem.people),
            bound_by="exact" if self.proven else "counting",
            settled=self.proven,
            seconds=self.clock.elapsed,
            asked=asked_again(problem, [[problem.people[place].id for place in team] for team in teams]),
        )


def _standing(problem: Problem) -> list[tuple[int, ...]]:
    """The present teams that keep every hard rule; who is in none of them is to be seated anew."""
    return [
        tuple(sorted(problem.index[one] for one in team))
        for team in problem.keep
        if not broken_rules(problem, team)
    ]


def _stuck(problem: Problem, loose: Sequence[int]) -> list[int]:
    """Whom no team at all can take."""
    masks = Masks(problem)
    blocks = [block for place, block in enumerate(masks.block) if place == block[-1]]
    at = {place: number for number, block in enumerate(blocks) for place in block}
    return [place for place in loose if find_team(masks, blocks, at[place]) is None]
