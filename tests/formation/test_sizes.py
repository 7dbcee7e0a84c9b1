"""Team sizes by arithmetic alone."""

from itertools import combinations_with_replacement

import pytest

from coaching.formation.sizes import fewest_waiting, splits


@pytest.mark.parametrize(
    ("number", "sizes", "best"),
    [
        (0, (3, 4), ()),
        (3, (3, 4), (3,)),
        (6, (3, 4), (3, 3)),
        (12, (3, 4), (4, 4, 4)),
        (13, (3, 4), (4, 3, 3, 3)),
        (15, (4, 5, 6), (5, 5, 5)),
        (16, (6, 4, 5), (6, 5, 5)),
        (8, (2,), (2, 2, 2, 2)),
    ],
)
def test_larger_teams_are_preferred(number, sizes, best):
    """T1: as few threes as the number allows."""
    assert next(splits(number, sizes)) == best


@pytest.mark.parametrize("sizes", [(3, 4), (2,), (4, 5, 6), (1, 7), (5,)])
def test_splits_are_all_there_is_and_the_fewest_wait(sizes):
    for number in range(14):
        every = {
            tuple(sorted(teams, reverse=True))
            for many in range(number + 1)
            for teams in combinations_with_replacement(sizes, many)
            if sum(teams) == number
        }
        found = list(splits(number, sizes))
        assert len(found) == len(set(found))
        assert set(found) == every
        assert all(sum(teams) == number for teams in found)
        keys = [[teams.count(size) for size in sorted(sizes)] for teams in found]
        assert keys == sorted(keys)
        waiting = fewest_waiting(number, sizes)
        assert list(splits(number - waiting, sizes))
        assert not any(list(splits(number - fewer, sizes)) for fewer in range(waiting))


@pytest.mark.parametrize(("number", "waiting"), [(1, 1), (2, 2), (5, 1), (3, 0), (6, 0), (7, 0), (0, 0)])
def test_one_two_and_five_people_cannot_be_split(number, waiting):
    """T1."""
    assert fewest_waiting(number, (3, 4)) == waiting


def test_ten_thousand_people_are_split_at_once():
    assert next(splits(10_001, (3, 4))).count(3) == 3
