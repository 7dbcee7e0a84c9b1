"""What a report tells of numbers of people: whoever knows how it is made can tell no one and no two of them (M17, C5).

Each test tries every case: all numbers that are told alike could be behind what is read, and one or two people are told
only if all of them say so.
"""

from collections import defaultdict
from itertools import product

import pytest

from coaching.site.reports.spans import LEAST, Span, Told, exact, is_near, parts, share, steps, total

FEW = range(1, LEAST)
MOST = 14


def alike(cases, tell):
    """What could be behind each answer."""
    found = defaultdict(list)
    for case in cases:
        found[tell(case)].append(case)
    return found.values()


def is_told(numbers) -> bool:
    """Whether they are all the same one or two people."""
    return len(set(numbers)) == 1 and numbers[0] in FEW


def descents(first, length):
    """All ways in which so many become fewer."""
    for rest in product(range(first, -1, -1), repeat=length):
        if all(one >= two for one, two in zip((first, *rest), rest, strict=False)):
            yield (first, *rest)


@pytest.mark.parametrize("whole", range(LEAST, MOST))
def test_a_share_tells_neither_of_few_nor_of_few_others(whole):
    for group in alike(range(whole + 1), lambda part: share(part, whole)):
        assert not is_told(group)
        assert not is_told([whole - part for part in group])
        assert len(group) >= LEAST or LEAST <= group[0] <= whole - LEAST


def test_a_share_holds_what_it_is_a_share_of():
    for whole in range(MOST):
        for part in range(whole + 1):
            span = share(part, whole)
            assert 0 <= span.low <= part <= span.high <= whole


@pytest.mark.parametrize("first", range(LEAST, 11))
def test_steps_tell_neither_of_few_who_came_so_far_nor_of_few_who_stayed_behind(first):
    cases = list(descents(first, 3))
    for case in cases:
        for number, span in zip(case, steps(case), strict=True):
            assert span.low <= number <= span.high
    for group in alike(cases, lambda case: tuple(steps(case))):
        for place in range(1, 4):
            assert not is_told([case[place] for case in group])
            assert not is_told([case[place - 1] - case[place] for case in group])


@pytest.mark.parametrize("known", [0, *range(LEAST, 16)])
def test_steps_tell_of_few_neither_by_another_number_that_is_known(known):
    def tell(case):
        return tuple(steps(case, known=known))

    for first in range(LEAST, 13):
        cases = [] if is_near(first, known) else list(descents(first, 2))
        for case in cases:
            assert all(span.low <= number <= span.high for number, span in zip(case, tell(case), strict=True))
        for group in alike(cases, tell):
            for place in (1, 2):
                assert not is_told([abs(case[place] - known) for case in group])
                assert not is_told([case[place] for case in group])
                assert not is_told([case[place - 1] - case[place] for case in group])


@pytest.mark.parametrize(("kinds", "most"), [(2, 12), (3, 8), (4, 5)])
def test_parts_tell_of_no_kind_with_few(kinds, most):
    cases = [case for case in product(range(most), repeat=kinds) if sum(case) >= LEAST]
    tell = {case: parts(dict(enumerate(case))) for case in cases}
    for case, told in tell.items():
        assert all(told[key] == case[key] >= LEAST for key in told)
        assert sum(case) - sum(told.values()) not in FEW
    for group in alike(cases, lambda case: (sum(case), tuple(sorted(tell[case].items())))):
        for kind in range(kinds):
            assert not is_told([case[kind] for case in group])


def test_what_is_told_of_several_is_the_sum_of_what_is_told_of_each():
    assert total([share(11, 12), share(5, 12), share(2, 4)]) == Span(10 + 5, 12 + 5 + 4)
    assert total([]) == exact(0)


@pytest.mark.parametrize(
    ("span", "of", "words"),
    [
        (exact(5), 12, "5 of 12"),
        (exact(0), 12, "0 of 12"),
        (Span(10, 12), 12, "at least 10 of 12"),
        (Span(0, 2), 12, "at most 2 of 12"),
        (Span(3, 9), 12, "3 to 9 of 12"),
        (Span(0, 4), 4, "not told"),
        (exact(0), 0, "0 of 0"),
    ],
)
def test_in_words(span, of, words):
    assert Told(span, of).words == words
