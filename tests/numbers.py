"""The numbers that tell one row of the tests from another. They are given back with the rows, so each test has the same."""

from collections.abc import Iterator
from contextlib import contextmanager

_last = 0


def following() -> int:
    global _last
    _last += 1
    return _last


def last() -> int:
    return _last


def go_on_after(number: int) -> None:
    global _last
    _last = number


@contextmanager
def given_back() -> Iterator[None]:
    before = _last
    yield
    go_on_after(before)
