"""The rules of rules.py over whole numbers used as bit sets, for the search: a few microseconds a team.

People are places in `problem.people`. tests/formation/test_masks.py holds this equal to rules.py.
"""

from collections.abc import Callable, Sequence

from coaching.formation.problem import Id, Problem
from coaching.formation.rules import ENOUGH_SLOTS

Members = Sequence[int]


class _Bits:
    """Hands out one bit for each value met, from `start` upwards."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.bit_of: dict[object, int] = {}

    def bit(self, value: object) -> int:
        return self.bit_of.setdefault(value, 1 << (self.start + len(self.bit_of)))

    @property
    def end(self) -> int:
        return self.start + len(self.bit_of)

    @property
    def mask(self) -> int:
        return (1 << self.end) - (1 << self.start)


class Masks:
    """For each person: what they bring (`holds`), when they are free, whom they shun, what they seek.

    `holds` packs division, classification, track, glow competencies and, for people kept apart, themselves
    into one number, so that a team needs one "or" for each member.
    """

    def __init__(self, problem: Problem) -> None:
        people = problem.people
        self.problem = problem
        self.holds = [0] * len(people)
        self.divisions = self._fact("division", 0)
        self.classifications = self._fact("classification", self.divisions.end)
        self.tracks = self._fact("track", self.classifications.end)
        glows = _Bits(self.tracks.end)
        self.seeks = [sum(glows.bit(one) for one in person.grow) for person in people]
        for place, person in enumerate(people):
            self.holds[place] |= sum(glows.bit(one) for one in person.glow)
        selves = _Bits(glows.end)
        self.shuns = [sum(selves.bit(one) for one in self._rivals(person.id)) for person in people]
        for place, person in enumerate(people):
            if person.id in problem.rivals:
                self.holds[place] |= selves.bit(person.id)
        times = _Bits(ENOUGH_SLOTS)  # the lowest bits: times that only people who can always meet have
        listed = [None if one.slots is None else sum(map(times.bit, one.slots)) for one in people]
        always = (1 << times.end) - 1
        self.free = [always if mask is None else mask for mask in listed]
        self.gains = [self._gains(len(person.grow)) for person in people]
        self.block = self._blocks()

    def _fact(self, name: str, start: int) -> _Bits:
        bits = _Bits(start)
        for place, person in enumerate(self.problem.people):
            value = getattr(person, name)
            if value is not None:
                self.holds[place] |= bits.bit(value)
        return bits

    def _rivals(self, one: Id) -> list[Id]:
        return sorted(self.problem.rivals.get(one, ()), key=self.problem.index.__getitem__)

    def _gains(self, grows: int) -> list[int]:
        """Points of a person by the number of their grow competencies that a teammate glows in."""
        return [self.problem.weights.competency * met // grows if grows else 0 for met in range(grows + 1)]

    def _blocks(self) -> list[tuple[int, ...]]:
        """For each person: the places of everybody who moves with them, themselves included."""
        index, pinned = self.problem.index, self.problem.pinned
        return [
            tuple(index[one] for one in pinned.get(person.id, (person.id,))) for person in self.problem.people
        ]

    def breaches(self, team: Members) -> int:
        """Pairs kept apart, plus one if there is no time for all. Pins are kept by how the search moves."""
        union, common, shuns = 0, -1, self.shuns
        for place in team:
            union |= self.holds[place]
            common &= self.free[place]
        return sum((shuns[place] & union).bit_count() for place in team) // 2 + (common == 0)

    def scorer(self, forbidden: int) -> Callable[[Members], int]:
        """A function that gives a team's points, or `forbidden` if it breaks a hard rule."""
        holds, free, shuns, seeks, gains = self.holds, self.free, self.shuns, self.seeks, self.gains
        divisions, classifications, tracks = self.divisions.mask, self.classifications.mask, self.tracks.mask
        weights, largest = self.problem.weights, max(self.problem.sizes)
        for_division, for_classification, for_track = weights.division, weights.classification, weights.track
        for_slots = [
            [weights.slots * size * many for many in range(ENOUGH_SLOTS + 1)] for size in range(largest + 1)
        ]

        def score(team: Members) -> int:
            union, common = 0, -1
            for place in team:
                union |= holds[place]
                common &= free[place]
            if not common:
                return forbidden
            slots = common.bit_count() if common > 0 else ENOUGH_SLOTS
            points = (
                for_division * (union & divisions).bit_count()
                + for_classification * (union & classifications).bit_count()
                + for_slots[len(team)][slots if slots < ENOUGH_SLOTS else ENOUGH_SLOTS]
            )
            if for_track:
                points += for_track * (union & tracks).bit_count()
            for place in team:
                if shuns[place] & union:
                    return forbidden
                points += gains[place][(seeks[place] & union).bit_count()]
            return points

        return score
