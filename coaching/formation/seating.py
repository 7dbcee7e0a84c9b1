"""Before the score: who can be seated at all, and a first set of teams that breaks no hard rule.

Fewest people waiting first, then the last in the list wait, then the preferred sizes. By repair, not by
proof: `Seating.settled` says whether arithmetic alone shows that nothing better can be had.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from coaching.formation.clock import Clock
from coaching.formation.masks import Masks, Members
from coaching.formation.sizes import fewest_waiting, preference, splits

Block = tuple[int, ...]  # people who move together: a pin, or one person
SPLITS_TRIED = 8  # ways to split the same number of people
WAITINGS_TRIED = 24  # numbers of people waiting
MOST_TRIES = 40_000  # exchanges, over all of these; and 200 more for each person
PROOF_NODES = 20_000  # partial teams looked at before a person counts as placeable


class Seating(NamedTuple):
    """People as places in `problem.people`."""

    teams: list[list[int]]
    waiting: list[int]  # they could be in a team, but not all of them
    stuck: list[int]  # no team at all is possible for them
    settled: bool  # who waits and the sizes are what arithmetic asks for


def seat(masks: Masks, rng: random.Random, clock: Clock) -> Seating:
    """Teams that keep every hard rule, from a greedy start and repair. The same seed gives the same teams."""
    blocks = _blocks(masks)
    able: list[Block] = []
    stuck: list[int] = []
    for place, block in enumerate(blocks):
        if find_team(masks, blocks, place) is None:
            stuck.extend(block)
        else:
            able.append(block)
    best: list[list[int]] = []
    left = MOST_TRIES + 200 * len(able)
    for attempt, (waiting, sizes) in enumerate(_attempts(sum(map(len, able)), masks.problem.sizes)):
        if left <= 0 or (attempt and clock.progress() > 0.5):
            break
        bench = _last_blocks(able, waiting)
        if bench is None:
            continue
        seated = [block for block in able if block not in bench]
        teams = _first_teams(masks, seated, sizes, rng)
        if teams is None:
            continue
        benched = [place for block in bench for place in block]
        tries = 3000 + 40 * len(able) if attempt == 0 else 1000 + 10 * len(able)
        left -= tries
        if repair(masks, teams, benched, rng, tries):
            if waiting == 0:
                return Seating(teams, [], sorted(stuck), attempt == 0)
            best = max(best, teams, key=_seats)
            break
        best = max(best, [team for team in teams if not masks.breaches(team)], key=_seats)
    teams = _fill_up(masks, able, best)
    placed = {place for team in teams for place in team}
    everybody = sorted(place for block in able for place in block)
    waiting_places = [place for place in everybody if place not in placed]
    return Seating(teams, waiting_places, sorted(stuck), _is_best(masks, teams, waiting_places, everybody))


def _is_best(masks: Masks, teams: Sequence[Members], waiting: list[int], everybody: list[int]) -> bool:
    """Whether arithmetic alone allows no fewer to wait, no later ones in the list, and no better sizes (T1)."""
    sizes = masks.problem.sizes
    if len(waiting) > fewest_waiting(len(everybody), sizes) or waiting != everybody[-len(waiting) :]:
        return False
    return preference(map(len, teams), sizes) == preference(next(splits(_seats(teams), sizes)), sizes)


def _seats(teams: Sequence[Members]) -> int:
    return sum(map(len, teams))


def _attempts(number: int, sizes: Sequence[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """How many wait and how the others are split, best first."""
    fewest = fewest_waiting(number, sizes)
    for waiting in range(fewest, min(number, fewest + WAITINGS_TRIED)):
        for split in islice(splits(number - waiting, sizes), SPLITS_TRIED):
            yield waiting, split


def _blocks(masks: Masks) -> list[Block]:
    """Everybody once, in the order given; a pin stands where its last member stands."""
    return [block for place, block in enumerate(masks.block) if place == block[-1]]


def find_team(masks: Masks, blocks: Sequence[Block], start: int) -> list[int] | None:
    """Some team with the block at `start` that keeps the hard rules. None only when there is proof of none.

    Depth first over the other blocks, from the next one in the list on. Looking stops after PROOF_NODES
    partial teams: then the block counts as placeable, with an empty team.
    """
    sizes, largest = set(masks.problem.sizes), max(masks.problem.sizes)
    if masks.breaches(blocks[start]):
        return None
    stack: list[tuple[list[int], int]] = [(list(blocks[start]), 1)]
    nodes = 0
    while stack:
        team, away = stack.pop()
        if len(team) in sizes:
            return team
        for following in range(away, len(blocks)):
            nodes += 1
            larger = [*team, *blocks[(start + following) % len(blocks)]]
            if len(larger) <= largest and not masks.breaches(larger):
                stack.append((team, following + 1))
                stack.append((larger, following + 1))
                break
        if nodes > PROOF_NODES:
            return []
    return None


def _fill_up(masks: Masks, blocks: Sequence[Block], teams: list[list[int]]) -> list[list[int]]:
    """Where no split of everybody was found: more teams of those left over, then seats in larger teams."""
    placed = {place for team in teams for place in team}
    left = [block for block in blocks if block[0] not in placed]
    place = 0
    while place < len(left):
        team = find_team(masks, left, place)
        if team:
            teams = [*teams, team]
            left = [block for block in left if block[0] not in team]
        else:
            place += 1
    for block in left:
        for team in teams:
            if len(team) + len(block) in masks.problem.sizes and not masks.breaches([*team, *block]):
                team.extend(block)
                break
    return teams


def _last_blocks(blocks: Sequence[Block], waiting: int) -> list[Block] | None:
    """Blocks with exactly `waiting` people, as late in the list as can be. None if pins leave no choice."""
    reach = [1]  # bit n of reach[i]: the first i blocks can make n people
    for block in blocks if waiting else ():
        reach.append((reach[-1] | reach[-1] << len(block)) & ((2 << waiting) - 1))
    if not reach[-1] >> waiting & 1:
        return None
    chosen = []
    for place in range(len(reach) - 2, -1, -1):
        size = len(blocks[place])
        if size <= waiting and reach[place] >> (waiting - size) & 1:
            chosen.append(blocks[place])
            waiting -= size
    return chosen


def _first_teams(
    masks: Masks, blocks: Sequence[Block], sizes: Sequence[int], rng: random.Random
) -> list[list[int]] | None:
    """Pins first, each where it fits most tightly; then for each seat the best of a few.

    An empty team starts with whoever is hardest to place.

    None if the pins do not fit into these sizes. Hard rules may still be broken: `repair` follows.
    """
    teams: list[list[int]] = [[] for _ in sizes]
    for block in sorted((block for block in blocks if len(block) > 1), key=len, reverse=True):
        fitting = [team for team, size in enumerate(sizes) if size - len(teams[team]) >= len(block)]
        if not fitting:
            return None
        teams[min(fitting, key=lambda team: (sizes[team] - len(teams[team]), team))].extend(block)
    singles = [block[0] for block in blocks if len(block) == 1]
    singles.sort(key=lambda one: (3 * masks.shuns[one].bit_count() - masks.free[one].bit_count(), one))
    looks = 40 if len(singles) <= 2000 else 10
    score = masks.scorer(forbidden=-1)
    for team, size in zip(teams, sizes, strict=True):
        while len(team) < size:
            team.append(_pick(singles, team, looks, score, rng))
    return teams


def _pick(
    singles: list[int], team: Members, looks: int, score: Callable[[Members], int], rng: random.Random
) -> int:
    """Take somebody out of `singles`: the hardest to place for an empty team, else the best of `looks`."""
    if not team:
        return singles.pop()
    places = range(len(singles)) if len(singles) <= looks else rng.sample(range(len(singles)), looks)
    best = max(places, key=lambda place: score([*team, singles[place]]))
    return singles.pop(best)


def repair(masks: Masks, teams: list[list[int]], bench: list[int], rng: random.Random, tries: int) -> bool:
    """In place: exchange people, also with the bench, until no team breaks a hard rule."""
    groups = [*teams, bench] if bench else teams
    worst = [masks.breaches(team) for team in teams] + [0] * (len(groups) - len(teams))
    for _ in range(tries):
        broken = [group for group, breaches in enumerate(worst) if breaches]
        if not broken:
            _let_the_last_wait(masks, teams, bench)
            return True
        one, other = rng.choice(broken), rng.randrange(len(groups))
        new = None if one == other else exchange(masks, groups[one], groups[other], rng)
        if new is None:
            continue
        after = [masks.breaches(new[0]), masks.breaches(new[1]) if other < len(teams) else 0]
        if sum(after) <= worst[one] + worst[other] or rng.random() < 0.02:
            groups[one][:], groups[other][:] = new
            worst[one], worst[other] = after
    return not any(worst)


def exchange(
    masks: Masks, one: Members, other: Members, rng: random.Random
) -> tuple[list[int], list[int]] | None:
    """Two groups after equally many people changed places, pins whole; None if the draw does not fit."""
    give = list(masks.block[rng.choice(one)])
    take = list(masks.block[rng.choice(other)])
    while len(give) != len(take):
        fewer, group = (give, one) if len(give) < len(take) else (take, other)
        missing = abs(len(give) - len(take))
        more = sorted({masks.block[place] for place in group if place not in fewer})
        more = [block for block in more if len(block) <= missing]
        if not more:
            return None
        fewer.extend(rng.choice(more))
    left = [place for place in one if place not in give] + take
    right = [place for place in other if place not in take] + give
    return left, right


def _let_the_last_wait(masks: Masks, teams: list[list[int]], bench: list[int]) -> None:
    """Where somebody later in the list can wait instead, and the hard rules still hold, they do."""
    for turn, waiting in enumerate(bench):
        seats = [(place, team) for team in teams for place in team if place > waiting]
        for placed, team in sorted(seats, key=lambda pair: -pair[0]):
            if len(masks.block[waiting]) > 1 or len(masks.block[placed]) > 1:
                continue
            swapped = [waiting if place == placed else place for place in team]
            if not masks.breaches(swapped):
                team[:] = swapped
                bench[turn] = placed
                break
