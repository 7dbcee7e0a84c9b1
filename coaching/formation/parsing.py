"""JSON in, a Problem out, or every mistake at once with where it stands."""

from dataclasses import asdict
from typing import Any, TypeGuard

from coaching.formation.problem import BadProblem, Id, Person, Problem, Weights, tied_groups
from coaching.formation.rules import broken_rules

PROBLEM_KEYS = ("people", "apart", "together", "sizes", "weights", "fixed", "start", "keep")
PERSON_KEYS = ("id", "name", "division", "classification", "track", "grow", "glow", "slots")
WEIGHT_KEYS = tuple(asdict(Weights()))


def parse(data: Any) -> Problem:
    """Read a problem from decoded JSON. Raises BadProblem with all mistakes found.

    Only `people` is required, and of a person only `id`. Unknown keys are mistakes: a misspelled "apart"
    would otherwise drop a hard rule in silence. Weights are whole numbers and not negative, except `track`,
    where a negative one prefers the same career track (T3).
    """
    reader = _Reader()
    problem = reader.problem(data)
    if reader.mistakes:
        raise BadProblem(reader.mistakes)
    return problem


def _show(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _is_id(value: Any) -> TypeGuard[Id]:
    if isinstance(value, str):
        return bool(value.strip())
    return isinstance(value, int) and not isinstance(value, bool)


class _Reader:
    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def wrong(self, where: str, what: str) -> None:
        self.mistakes.append(f"{where}: {what}")

    def problem(self, data: Any) -> Problem:
        if not self._object("problem", data, PROBLEM_KEYS):
            return Problem(people=())
        if "people" not in data:
            self.wrong("people", "is missing")
        people = self._people(data.get("people", []))
        known = {person.id for person in people}
        problem = Problem(
            people=people,
            apart=tuple((one, other) for one, other in self._groups(data, "apart", known)),
            together=tuple(self._groups(data, "together", known)),
            sizes=self._sizes(data.get("sizes", [3, 4])),
            weights=self._weights(data.get("weights", {})),
            fixed=self._teams(data, "fixed", known),
            start=self._teams(data, "start", known),
            keep=self._teams(data, "keep", known),
        )
        self._contradictions(problem)
        if not self.mistakes:
            self._fixed(problem)
        return problem

    def _teams(self, data: dict[str, Any], key: str, known: set[Id]) -> tuple[tuple[Id, ...], ...]:
        """Teams of known people; nobody has two places (T9)."""
        teams: list[tuple[Id, ...]] = []
        first: dict[Id, int] = {}
        for place, team in enumerate(self._list(key, data.get(key, []))):
            ids = self._labels(f"{key}[{place}]", team)
            for one in ids:
                if one not in known:
                    self.wrong(f"{key}[{place}]", f"no person has the id {_show(one)}")
                elif one in first:
                    self.wrong(f"{key}[{place}]", f"{_show(one)} is in {key}[{first[one]}] already")
                first.setdefault(one, place)
            if ids:
                teams.append(ids)
        return tuple(teams)

    def _fixed(self, problem: Problem) -> None:
        for place, team in enumerate(problem.fixed):
            for finding in broken_rules(problem, team):
                self.wrong(f"fixed[{place}]", f"{finding.title}: {finding.words}")

    def _object(self, where: str, value: Any, keys: tuple[str, ...]) -> bool:
        if not isinstance(value, dict):
            self.wrong(where, f"must be an object, not {_show(value)}")
            return False
        for key in value:
            if key not in keys:
                self.wrong(where, f"unknown key {_show(key)} (known: {', '.join(keys)})")
        return True

    def _list(self, where: str, value: Any) -> list[Any]:
        if isinstance(value, list):
            return value
        self.wrong(where, f"must be a list, not {_show(value)}")
        return []

    def _people(self, value: Any) -> tuple[Person, ...]:
        people: list[Person] = []
        first: dict[Id, int] = {}
        for place, row in enumerate(self._list("people", value)):
            where = f"people[{place}]"
            if not self._object(where, row, PERSON_KEYS):
                continue
            person = self._person(where, row)
            if person is None:
                continue
            if person.id in first:
                self.wrong(f"{where}.id", f"people[{first[person.id]}] already has the id {_show(person.id)}")
                continue
            first[person.id] = place
            people.append(person)
        return tuple(people)

    def _person(self, where: str, row: dict[str, Any]) -> Person | None:
        grow = self._labels(f"{where}.grow", row.get("grow", []))
        glow = self._labels(f"{where}.glow", row.get("glow", []))
        for competency in grow:
            if competency in glow:  # A6; the counting bound relies on it
                self.wrong(where, f"grows and glows in the same competency, {_show(competency)}")
        slots = row.get("slots")
        times = None if slots is None else self._labels(f"{where}.slots", slots)
        facts = {key: self._label(f"{where}.{key}", row.get(key)) for key in PERSON_KEYS[2:5]}
        name = row.get("name")
        if name is not None and not isinstance(name, str):
            self.wrong(f"{where}.name", f"must be text, not {_show(name)}")
        if "id" not in row:
            self.wrong(f"{where}.id", "is missing")
            return None
        if not _is_id(row["id"]):
            self.wrong(f"{where}.id", f"must be text or a whole number, not {_show(row['id'])}")
            return None
        return Person(id=row["id"], name=str(name or row["id"]), grow=grow, glow=glow, slots=times, **facts)

    def _label(self, where: str, value: Any) -> Id | None:
        """Text or a whole number; nothing, or blank text, is "not known"."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if _is_id(value):
            return value
        self.wrong(where, f"must be text or a whole number, not {_show(value)}")
        return None

    def _labels(self, where: str, value: Any) -> tuple[Id, ...]:
        labels: list[Id] = []
        for place, item in enumerate(self._list(where, value)):
            if not _is_id(item):
                self.wrong(f"{where}[{place}]", f"must be text or a whole number, not {_show(item)}")
            elif item in labels:
                self.wrong(f"{where}[{place}]", f"{_show(item)} stands twice")
            else:
                labels.append(item)
        return tuple(labels)

    def _groups(self, data: dict[str, Any], key: str, known: set[Id]) -> list[tuple[Id, ...]]:
        groups = []
        for place, group in enumerate(self._list(key, data.get(key, []))):
            where = f"{key}[{place}]"
            before = len(self.mistakes)
            ids = self._labels(where, group)
            for one in ids:
                if one not in known:
                    self.wrong(where, f"no person has the id {_show(one)}")
            if len(self.mistakes) > before:
                continue
            if len(ids) < 2 or (key == "apart" and len(ids) > 2):
                wanted = "two people" if key == "apart" else "two or more people"
                self.wrong(where, f"must name {wanted}, not {len(ids)}")
                continue
            groups.append(ids)
        return groups

    def _sizes(self, value: Any) -> tuple[int, ...]:
        sizes: list[int] = []
        before = len(self.mistakes)
        for place, size in enumerate(self._list("sizes", value)):
            if not isinstance(size, int) or isinstance(size, bool) or size < 1:
                self.wrong(f"sizes[{place}]", f"must be a whole number above 0, not {_show(size)}")
            elif size in sizes:
                self.wrong(f"sizes[{place}]", f"{size} stands twice")
            else:
                sizes.append(size)
        if not sizes and len(self.mistakes) == before:
            self.wrong("sizes", "must name at least one team size")
        return tuple(sorted(sizes))

    def _weights(self, value: Any) -> Weights:
        if not self._object("weights", value, WEIGHT_KEYS):
            return Weights()
        good = {}
        for key in WEIGHT_KEYS:
            if key not in value:
                continue
            weight = value[key]
            if not isinstance(weight, int) or isinstance(weight, bool):
                self.wrong(f"weights.{key}", f"must be a whole number, not {_show(weight)}")
            elif weight < 0 and key != "track":
                self.wrong(f"weights.{key}", f"must not be negative, but is {_show(weight)}")
            else:
                good[key] = weight
        return Weights(**good)

    def _contradictions(self, problem: Problem) -> None:
        """Pins that cannot hold, whatever the teams."""
        groups = tied_groups(problem.together, problem.index)
        group_of = {member: group for group in groups for member in group}
        for one, other in problem.apart:
            if one in group_of and other in group_of[one]:
                self.wrong("apart", f"{_show(one)} and {_show(other)} are kept apart, but together ties them")
        for group in groups:
            largest = max(problem.sizes, default=len(group))
            if len(group) > largest:
                names = ", ".join(map(_show, group))
                self.wrong("together", f"ties {len(group)} people ({names}); the largest team has {largest}")
