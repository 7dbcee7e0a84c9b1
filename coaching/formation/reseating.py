"""The change that asks the fewest people again.

`keep` names the present teams. A team that stays exactly as it is asks nobody; of any other team, all members are
asked (T4). In this order: the fewest people wait, and only people without a standing team do; the fewest are
asked; the preferred sizes (T1); the score. Each of these is weighed so high that all after it together cannot
outweigh one of it, so that one search proves them all.

With more people than the exact search takes, only arrangements are looked at that open few of the present teams;
a proof then needs that no arrangement as good could open more.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import comb
from typing import NamedTuple

import numpy as np

from coaching.formation.answer import make_result, reasons_to_wait
from coaching.formation.arrays import Array, Arrays
from coaching.formation.clock import Clock
from coaching.formation.columns import Columns, all_columns, how_many
from coaching.formation.exact import Exact
from coaching.formation.masks import Masks
from coaching.formation.problem import Problem, Result
from coaching.formation.rules import broken_rules
from coaching.formation.seating import find_team
from coaching.formation.sizes import fewest_waiting

MOST_COLUMNS = 4_000_000
MOST_CHOICES = 3_000  # ways to choose the teams that are opened
ALL_OPEN = 1 << 30

Watch = Callable[[Result], None]


class Present(NamedTuple):
    """People as places. `teams` stand as they are; nobody of the others does."""

    teams: list[tuple[int, ...]]
    loose: list[int]
    stuck: list[int]  # of these, the people whom no team at all can take


class Levels(NamedTuple):
    """What is given up for each: a small team, by size; each person asked; each person waiting."""

    size: Array
    asked: int
    waiting: int


def reseat(problem: Problem, clock: Clock, watch: Watch) -> Result:
    """`watch` gets what is best so far: at first the present teams as they are."""
    return _Reseating(problem, clock, watch).run()


class _Reseating:
    def __init__(self, problem: Problem, clock: Clock, watch: Watch) -> None:
        self.problem, self.clock, self.watch = problem, clock, watch
        self.arrays = Arrays(problem)
        self.present = _present(problem)
        self.levels = _levels(problem)
        self.home = np.full(len(problem.people) + 1, -1)  # each one's present team
        for number, team in enumerate(self.present.teams):
            self.home[list(team)] = number
        self.home_size = np.array([*map(len, self.present.teams), 0])
        self.people = [place for place in range(len(problem.people)) if place not in self.present.stuck]

    def run(self) -> Result:
        result = self._result([list(team) for team in self.present.teams], proven=not self.present.loose)
        self.watch(result)
        loose = [place for place in self.present.loose if place not in self.present.stuck]
        if not loose or self.clock.progress() >= 1:
            return self._result(list(map(list, self.present.teams)), proven=not loose)
        best = [list(team) for team in self.present.teams]
        value, proven = self._value(best, len(loose)), False
        for opened in self._widening(len(loose)):
            search = self._search(self._columns(loose, opened), value)
            outcome = search.run(self._rows(self.present.teams))
            if outcome.teams is not None:
                best, value = self._teams(outcome.teams), outcome.score
            proven = outcome.proven and self._is_all(best, opened)
            if proven or self.clock.progress() >= 1:
                break
        return self._result(best, proven=proven)

    def _value(self, standing: list[list[int]], waiting: int) -> int:
        """What the levels make of the present teams with everybody else waiting."""
        points = int(self.arrays.score(self._rows(standing)).sum()) if standing else 0
        lost = int(self.levels.size[[len(team) for team in standing]].sum()) if standing else 0
        return points - lost - self.levels.waiting * waiting

    def _search(self, columns: Columns, value: int) -> Exact:
        return Exact(
            self.arrays,
            self.people,
            None,
            clock=self.clock,
            lower=value,
            upper=self.levels.asked - 1,
            worth=40 * len(self.people),
            report=self._tell,
            columns=columns,
        )

    def _tell(self, teams: Array | None, _lower: int, _upper: int) -> None:
        if teams is not None:
            self.watch(self._result(self._teams(teams), proven=False))

    def _widening(self, loose: int) -> Iterator[int]:
        """How many present teams may be opened at once: none, one, two ..., while all ways can be looked at."""
        sizes, many = self.problem.sizes, len(self.present.teams)
        largest = max(map(len, self.present.teams), default=0)
        opened = 0
        while opened < many and comb(many, opened) <= MOST_CHOICES:
            if comb(many, opened) * how_many(loose + opened * largest, sizes) > MOST_COLUMNS:
                break
            yield opened
            opened += 1
        if how_many(len(self.people), sizes) <= MOST_COLUMNS:
            yield ALL_OPEN

    def _columns(self, loose: Sequence[int], opened: int) -> Columns:
        """Teams with their points less what they give up, and for each loose person one of waiting."""
        if opened == ALL_OPEN:
            groups = [self.people]
        else:
            chosen = combinations(self.present.teams, opened)
            groups = [sorted([*loose, *(place for team in teams for place in team)]) for teams in chosen]
        parts = [self._local(all_columns(self.arrays, group, self.problem.sizes), group) for group in groups]
        parts += [self._standing(), self._waiting(loose)]
        seats = np.concatenate([part.seats for part in parts], axis=1)
        _, first = np.unique(seats, axis=1, return_index=True) if len(groups) > 1 else (None, slice(None))
        points = np.concatenate([part.points for part in parts])
        size = np.concatenate([part.size for part in parts])
        return Columns(seats[:, first], points[first], size[first])

    def _local(self, columns: Columns, group: Sequence[int]) -> Columns:
        """Of a group's teams those that are none of the present ones, as places among all people."""
        place = np.append(np.searchsorted(self.people, group), len(self.people))
        seats = place[columns.seats].astype(np.int16)
        lost = self.levels.size[columns.size] + self.levels.asked * columns.size
        home = np.append(self.home[self.people], -1)[seats]
        one = (home == home[0]) | (seats == len(self.people))
        stays = (home[0] >= 0) & one.all(axis=0) & (columns.size == self.home_size[home[0]])
        return Columns(seats, columns.points - lost, columns.size).take(~stays)

    def _standing(self) -> Columns:
        size = np.array([len(team) for team in self.present.teams], dtype=np.int64)
        points = self.arrays.score(self._rows(self.present.teams)) if len(size) else size
        return Columns(self._seats(self.present.teams), points - self.levels.size[size], size)

    def _waiting(self, loose: Sequence[int]) -> Columns:
        ones = np.ones(len(loose), dtype=np.int64)
        return Columns(self._seats([(place,) for place in loose]), -self.levels.waiting * ones, ones)

    def _seats(self, teams: Sequence[Sequence[int]]) -> Array:
        seats = np.full((max(self.problem.sizes), len(teams)), len(self.people), dtype=np.int16)
        for column, team in enumerate(teams):
            seats[: len(team), column] = np.searchsorted(self.people, sorted(team))
        return seats

    def _rows(self, teams: Sequence[Sequence[int]]) -> Array:
        rows = np.full((len(teams), max(self.problem.sizes)), self.arrays.nobody, dtype=np.intp)
        for row, team in zip(rows, teams, strict=True):
            row[: len(team)] = team
        return rows

    def _teams(self, rows: Array) -> list[list[int]]:
        """The teams of a choice; a row of one who waits is none."""
        teams = [[place for place in row if place != self.arrays.nobody] for row in rows.tolist()]
        waits = 1 not in self.problem.sizes
        return [team for team in teams if len(team) > 1 or not waits]

    def _is_all(self, teams: list[list[int]], opened: int) -> bool:
        """Whether no arrangement with as few waiting and asked can open more teams than were opened at once."""
        if opened >= len(self.present.teams):
            return True
        seated = sum(map(len, teams))
        if len(self.people) - seated > fewest_waiting(len(self.people), self.problem.sizes):
            return False
        standing = {frozenset(team) for team in self.present.teams}
        reopened = sum(map(len, self.present.teams)) - sum(
            len(team) for team in teams if frozenset(team) in standing
        )
        return reopened < (opened + 1) * min(map(len, self.present.teams))

    def _result(self, teams: list[list[int]], *, proven: bool) -> Result:
        seated = {place for team in teams for place in team}
        waiting = [place for place in self.people if place not in seated]
        left_out = reasons_to_wait(
            self.problem, waiting, self.present.stuck, "leave no split that was found", chosen=False
        )
        standing = {frozenset(team) for team in self.present.teams}
        asked = sum(len(team) for team in teams if frozenset(team) not in standing)
        result = make_result(
            self.problem,
            teams,
            left_out,
            bound=None if proven else self._most(teams),
            bound_by="exact" if proven else "counting",
            settled=proven,
            seconds=self.clock.elapsed,
            asked=asked,
        )
        return result

    def _most(self, teams: list[list[int]]) -> int:
        """Whatever the arrangement: every person scores the most there is."""
        weights = self.problem.weights
        a_person = weights.classification + weights.division + weights.competency + 3 * weights.slots
        return (a_person + max(weights.track, 0)) * len(self.people)


def _present(problem: Problem) -> Present:
    """The present teams that keep every hard rule; who is in none of them is to be seated anew."""
    teams = [
        tuple(sorted(problem.index[one] for one in team))
        for team in problem.keep
        if not broken_rules(problem, team)
    ]
    placed = {place for team in teams for place in team}
    loose = [place for place in range(len(problem.people)) if place not in placed]
    masks = Masks(problem)
    blocks = [block for place, block in enumerate(masks.block) if place == block[-1]]
    at = {place: number for number, block in enumerate(blocks) for place in block}
    stuck = [place for place in loose if find_team(masks, blocks, at[place]) is None]
    return Present(teams, loose, stuck)


def _levels(problem: Problem) -> Levels:
    """Each unit is more than everything below it can sum up to."""
    weights, people, sizes = problem.weights, len(problem.people), sorted(problem.sizes)
    a_person = weights.classification + weights.division + weights.competency + 3 * weights.slots
    unit = 2 * (a_person + abs(weights.track)) * people + 1
    by_size = np.zeros(max(sizes) + 1, dtype=np.int64)
    for size in reversed(sizes[:-1]):
        by_size[size] = unit
        unit *= people // size + 2
    return Levels(by_size, unit, unit * (people + 1))
