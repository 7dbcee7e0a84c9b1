"""The organization chart as a staff file names it: branch, division, unit, and who heads them."""

from collections.abc import Collection, Iterable, Iterator

from django.conf import settings

from coaching.csv_file import Problem
from coaching.models import OrgUnit
from coaching.staff_file import Role, Row

Kind = OrgUnit.Kind
Path = tuple[str, ...]  # names from the branch down, in one case; the department itself is ()

HEADS = {Role.SUPERINTENDENT: Kind.DEPARTMENT, Role.DEPUTY: Kind.BRANCH, Role.DIRECTOR: Kind.DIVISION}


def fold(name: str) -> str:
    """What makes two names the same one."""
    return name.casefold()


def office_path(row: Row) -> Path:
    """Where the office stands that the row's role is about."""
    if row.role in (Role.DEPUTY, Role.BRANCH_OFFICE):
        return (fold(row.branch),)
    if row.role == Role.DIRECTOR:
        return (fold(row.branch), fold(row.division))
    return ()


class Chart:
    """The organization chart by path, and the boxes that the file adds to it.

    `without`: the kinds of boxes that the file has no column for. It says nothing of them, so that whoever works in one
    stays there as long as their row names the boxes around and in it.
    """

    def __init__(self, without: Collection[str] = ()) -> None:
        units = list(OrgUnit.objects.select_for_update().order_by("pk"))
        by_pk = {unit.pk: unit for unit in units}
        self.tops = [unit for unit in units if unit.parent_id is None]
        self.by_path: dict[Path, OrgUnit] = {_path(unit, by_pk): unit for unit in units}
        self.told = {unit.pk: _path(unit, by_pk, without) for unit in units}
        self.above = {unit.pk: unit.parent_id for unit in units}
        # The one at the top is () whatever its name.
        if not self.tops:
            self.by_path[()] = OrgUnit(kind=Kind.DEPARTMENT, name=settings.DEPARTMENT_NAME)

    def problems(self, rows: list[Row]) -> Iterator[Problem]:
        yield from self._wrong_department()
        kinds = {path: unit.kind for path, unit in self.by_path.items()}
        for row in rows:
            for path, (kind, name) in _boxes(row):
                if kinds.setdefault(path, kind) != kind:
                    yield Problem(
                        row.line, kind, f"{name!r} is a {Kind(kinds[path]).label.lower()} there, no {kind}."
                    )

    def _wrong_department(self) -> Iterator[Problem]:
        if len(self.tops) > 1:
            yield Problem(
                0, "", "There are several departments; an import needs to know which one it is for."
            )
        for top in self.tops[:1]:
            if fold(top.name) != fold(settings.DEPARTMENT_NAME):
                yield Problem(
                    0,
                    "",
                    f"DEPARTMENT_NAME is {settings.DEPARTMENT_NAME!r}, the department on record is "
                    f"{top.name!r}. Make them the same first.",
                )

    def kept(self, row: Row, now: int | None) -> int | None:
        """Of the boxes that whoever works `now` is in, the smallest that is the one the row names, if any is."""
        named = _named(row)
        while now is not None and self.told[now] != named:
            now = self.above[now]
        return now

    def create(self, rows: Iterable[Row]) -> list[str]:
        """Add what is missing, larger kinds first; returns the new ones' names."""
        for row in rows:
            for path, (kind, name) in _boxes(row):
                if path not in self.by_path:
                    self.by_path[path] = OrgUnit(kind=kind, name=name, parent=self.by_path[path[:-1]])
        new = [unit for unit in self.by_path.values() if unit.pk is None]
        for kind in Kind:
            level = [unit for unit in new if unit.kind == kind]
            OrgUnit.objects.bulk_create(level, batch_size=500)
        return [unit.name for unit in new]

    def place(self, row: Row, now: int | None) -> int:
        """The box the person works in: the smallest the row names."""
        return self.kept(row, now) or self.by_path[_named(row)].pk


def _path(unit: OrgUnit, by_pk: dict[int, OrgUnit], without: Collection[str] = ()) -> Path:
    path: Path = ()
    while unit.parent_id is not None:
        path = path if unit.kind in without else (fold(unit.name), *path)
        unit = by_pk[unit.parent_id]
    return path


def _named(row: Row) -> Path:
    boxes = _boxes(row)
    return boxes[-1][0] if boxes else ()


def _boxes(row: Row) -> list[tuple[Path, tuple[Kind, str]]]:
    """The boxes a row names, from the branch down."""
    boxes: list[tuple[Path, tuple[Kind, str]]] = []
    path: Path = ()
    for kind, name in ((Kind.BRANCH, row.branch), (Kind.DIVISION, row.division), (Kind.UNIT, row.unit)):
        if name:
            path = (*path, fold(name))
            boxes.append((path, (kind, name)))
    return boxes
