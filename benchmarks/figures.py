"""A measured figure and the bar it has to keep."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """What was measured; `value` and `most` share their unit. `detail` holds what the value was made from."""

    name: str
    value: float
    most: float
    detail: str

    @property
    def is_kept(self) -> bool:
        return self.value <= self.most

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"kept": self.is_kept}

    def __str__(self) -> str:
        verdict = "kept  " if self.is_kept else "MISSED"
        return f"{verdict} {self.name}: {self.value:g} (at most {self.most:g}; {self.detail})"
