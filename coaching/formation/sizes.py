"""How many teams of each size: arithmetic alone, before any other rule."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence


def splits(number: int, sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every way to split `number` people into teams, best first, as team sizes from large to small.

    Best: as few teams of the smallest size as possible, then as few of the next. For sizes 3 and 4: as few
    threes as the number allows (T1).
    """
    ordered = sorted(sizes)
    reachable = _reachable(number, ordered)

    def choose(left: int, place: int) -> Iterator[tuple[int, ...]]:
        if place == len(ordered):
            yield ()
            return
        size = ordered[place]
        for many in range(left // size + 1):
            rest = left - many * size
            if reachable[place + 1] >> rest & 1:
                for larger in choose(rest, place + 1):
                    yield (*larger, *[size] * many)

    if reachable[0] >> number & 1:
        yield from choose(number, 0)


def preference(team_sizes: Iterable[int], sizes: Sequence[int]) -> tuple[int, ...]:
    """The larger, the better the split: `splits` gives them from the largest down (T1)."""
    many = Counter(team_sizes)
    return tuple(-many[size] for size in sorted(sizes))


def fewest_waiting(number: int, sizes: Sequence[int]) -> int:
    """The fewest people who must wait so that the others can be split; all if no team can be filled."""
    reachable = _reachable(number, sorted(sizes))[0]
    return next(waiting for waiting in range(number + 1) if reachable >> (number - waiting) & 1)


def _reachable(number: int, ordered: list[int]) -> list[int]:
    """For each suffix of the sizes, a bit mask: bit n is set when n people fill teams of those sizes."""
    masks = [1]
    for size in reversed(ordered):
        mask, shift = masks[0], size
        while shift <= number:  # doubling: 1 team, 2 more, 4 more ...
            mask |= mask << shift
            shift *= 2
        masks.insert(0, mask & ((1 << (number + 1)) - 1))
    return masks
