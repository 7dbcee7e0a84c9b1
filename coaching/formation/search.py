"""Seeded simulated annealing: exchange people between teams, at first boldly, at last only for the better."""

import math
import random
from collections.abc import Callable

from coaching.formation.clock import Clock
from coaching.formation.masks import Masks, Members
from coaching.formation.seating import exchange

LOOK_EVERY = 64  # steps between two looks at the clock
MOST_ROUNDS = 8  # small problems cool soon: heat again and cool anew, that often ...
PEOPLE_A_ROUND = 100  # ... or this many, divided by the people
MANY = 200  # people, from where on each gets few steps
SHIFT_EVERY = 16  # one move in so many sends a person to a team that is one smaller


def anneal(
    masks: Masks, teams: list[list[int]], *, rng: random.Random, clock: Clock, goal: int
) -> list[list[int]]:
    """Better teams of the same people and sizes. `teams` must break no hard rule; neither will the answer.

    Stops at the clock, or when the score reaches `goal` (a proven bound). The same seed and the same number
    of steps give the same teams.
    """
    if len(teams) < 2:
        return teams
    return _Annealing(masks, teams, rng).run(clock, goal)


class _Annealing:
    def __init__(self, masks: Masks, teams: list[list[int]], rng: random.Random) -> None:
        self.masks = masks
        self.rng = rng
        self.teams = [list(team) for team in teams]
        self.people = [place for team in teams for place in team]
        self.team_of = {place: number for number, team in enumerate(teams) for place in team}
        self.pinned = any(len(masks.block[place]) > 1 for place in self.people)
        self.uneven = len({len(team) for team in teams}) > 1
        self.score = self._scorer()
        self.worth = [self.score(team) for team in self.teams]

    def _scorer(self) -> Callable[[Members], int]:
        weights = self.masks.problem.weights
        a_person = weights.classification + weights.division + weights.competency + 3 * weights.slots
        most = (a_person + abs(weights.track)) * (len(self.people) + 1)
        return self.masks.scorer(forbidden=-2 * most)

    def run(self, clock: Clock, goal: int) -> list[list[int]]:
        hot, cold = self._temperatures()
        rounds = max(1, min(MOST_ROUNDS, PEOPLE_A_ROUND // len(self.people)))
        random_, exp = self.rng.random, math.exp
        total = sum(self.worth)
        best, best_teams = total, [list(team) for team in self.teams]
        step, heat = 0, hot
        while total < goal:
            if step % LOOK_EVERY == 0:
                progress = clock.progress(step)
                if progress >= 1:
                    break
                heat = hot * (cold / hot) ** (progress * rounds % 1)
            step += 1
            move = self._shift() if self.uneven and step % SHIFT_EVERY == 0 else self._swap()
            if move is None:
                continue
            one, other, new_one, new_other = move
            worth_one, worth_other = self.score(new_one), self.score(new_other)
            gain = worth_one + worth_other - self.worth[one] - self.worth[other]
            if gain < 0 and (gain < -12 * heat or random_() >= exp(gain / heat)):
                continue
            self._take(one, other, new_one, new_other)
            self.worth[one], self.worth[other] = worth_one, worth_other
            total += gain
            if total > best and (heat < 2 * cold or total >= goal):
                best, best_teams = total, [list(team) for team in self.teams]
        return [list(team) for team in self.teams] if total > best else best_teams

    def _temperatures(self) -> tuple[float, float]:
        """At first and at last, in points: shares of the dearest single loss, tuned on 24 to 1,000 people.

        Many people get few steps each: they start cooler, so as not to lose the greedy start.
        """
        weights = self.masks.problem.weights
        scale = max(weights.classification, weights.division, weights.competency, 4 * weights.slots, 1)
        return (0.25 if len(self.people) < MANY else 0.08) * scale, 0.035 * scale

    def _swap(self) -> tuple[int, int, list[int], list[int]] | None:
        random_, people = self.rng.random, self.people
        first, second = people[int(random_() * len(people))], people[int(random_() * len(people))]
        one, other = self.team_of[first], self.team_of[second]
        if one == other:
            return None
        if self.pinned and len(self.masks.block[first]) + len(self.masks.block[second]) > 2:
            new = exchange(self.masks, self.teams[one], self.teams[other], self.rng)
            return None if new is None else (one, other, *new)
        new_one, new_other = self.teams[one][:], self.teams[other][:]
        new_one[new_one.index(first)] = second
        new_other[new_other.index(second)] = first
        return one, other, new_one, new_other

    def _shift(self) -> tuple[int, int, list[int], list[int]] | None:
        """Somebody goes to a team that is smaller by just as much: the two sizes change places."""
        random_ = self.rng.random
        moving = self.masks.block[self.people[int(random_() * len(self.people))]]
        one, other = self.team_of[moving[0]], int(random_() * len(self.teams))
        if len(self.teams[one]) - len(self.teams[other]) != len(moving):
            return None
        return one, other, [p for p in self.teams[one] if p not in moving], [*self.teams[other], *moving]

    def _take(self, one: int, other: int, new_one: list[int], new_other: list[int]) -> None:
        self.teams[one], self.teams[other] = new_one, new_other
        for place in new_one:
            self.team_of[place] = one
        for place in new_other:
            self.team_of[place] = other
