"""THE list of rules about a team: for the proposal, the checker, edits by hand and explanations.

A label is the rule's id in the program's rules (T1, T2 ...); where the program has no rule of its own, it is
the problem's key (`together`, `competency`, `slots`) or a plain word (`meet`). The search works on bit masks
(masks.py) for speed; a test holds the masks equal to this list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from coaching.formation.problem import Finding, Id, Person, Problem

Team = Sequence[Person]
ENOUGH_SLOTS = 3  # common slots beyond the third earn nothing more
NUMBER_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Verdict(NamedTuple):
    points: int
    ok: bool
    words: str


@dataclass(frozen=True)
class Rule:
    """`judge` takes the problem and a team; a hard rule always gives 0 points."""

    label: str
    title: str
    hard: bool
    judge: Callable[[Problem, Team], Verdict]


def explain_team(problem: Problem, member_ids: Sequence[Id]) -> list[Finding]:
    """What every rule says about this team, in the order of RULES. Raises BadProblem for an unknown id."""
    team = problem.members(tuple(member_ids))
    return [Finding(rule.label, rule.title, rule.hard, *rule.judge(problem, team)) for rule in RULES]


def score_team(problem: Problem, member_ids: Sequence[Id]) -> int:
    """The points of the soft rules, whether or not the hard ones hold."""
    team = problem.members(tuple(member_ids))
    return sum(rule.judge(problem, team).points for rule in RULES if not rule.hard)


def broken_rules(problem: Problem, member_ids: Sequence[Id]) -> list[Finding]:
    """The hard rules this team breaks; empty when it may stand."""
    return [finding for finding in explain_team(problem, member_ids) if finding.hard and not finding.ok]


def common_slots(team: Team) -> tuple[Id, ...] | None:
    """The slots when all can meet, in the first person's order. None: all of them can always meet."""
    limited = [person.slots for person in team if person.slots is not None]
    if not limited:
        return None
    others = [set(slots) for slots in limited[1:]]
    return tuple(slot for slot in limited[0] if all(slot in other for other in others))


def count_words(number: int) -> str:
    return NUMBER_WORDS[number] if number < len(NUMBER_WORDS) else str(number)


def join_words(parts: Sequence[object], last: str = "and") -> str:
    """ "Ana, Ben and Cleo"."""
    texts = [str(part) for part in parts]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}"


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _all(team: Team) -> str:
    return "both" if len(team) == 2 else f"all {count_words(len(team))}"


def _size(problem: Problem, team: Team) -> Verdict:
    if len(team) in problem.sizes:
        return Verdict(0, True, f"{_people(len(team))}.")
    return Verdict(0, False, f"{_people(len(team))}; a team has {join_words(problem.sizes, 'or')}.")


def _apart(problem: Problem, team: Team) -> Verdict:
    pairs = [
        f"{one.name} and {other.name} are kept apart."
        for place, one in enumerate(team)
        for other in team[place + 1 :]
        if other.id in problem.rivals.get(one.id, ())
    ]
    return Verdict(0, not pairs, " ".join(pairs) or "Nobody here is kept apart from another.")


def _together(problem: Problem, team: Team) -> Verdict:
    here = {person.id for person in team}
    missing = []
    for person in team:
        absent = [one for one in problem.pinned.get(person.id, ()) if one not in here]
        if absent:
            names = join_words([problem.people[problem.index[one]].name for one in absent])
            missing.append(f"{person.name} is kept together with {names}, not in this team.")
    return Verdict(0, not missing, " ".join(missing) or "Nobody kept together with a member is missing.")


def _meet(problem: Problem, team: Team) -> Verdict:
    slots = common_slots(team)
    if slots is None or slots:
        return Verdict(0, True, "There is a time when all can meet.")
    if len(team) == 1:
        return Verdict(0, False, f"{team[0].name} has no time to meet.")
    return Verdict(0, False, f"No time when {_all(team)} can meet.")


def _slots(problem: Problem, team: Team) -> Verdict:
    slots = common_slots(team)
    many = ENOUGH_SLOTS if slots is None else min(ENOUGH_SLOTS, len(slots))
    points = problem.weights.slots * len(team) * many
    if slots is None:
        return Verdict(points, True, "All can meet at any time.")
    times = "time" if len(slots) == 1 else "times"
    words = f"{count_words(len(slots)).capitalize()} {times} when {_all(team)} can meet."
    return Verdict(points, many == ENOUGH_SLOTS, words)


def _variety(team: Team, fact: str, one: str, several: str) -> tuple[int, str]:
    """How many different values, not known ones aside, and that in words."""
    known = {getattr(person, fact) for person in team} - {None}
    unknown = [person.name for person in team if getattr(person, fact) is None]
    words = [f"One {one}." if len(known) == 1 else f"{len(known)} different {several}."] if known else []
    if unknown:
        words.append(f"{'Not' if known else f'{one.capitalize()} not'} known for {join_words(unknown)}.")
    return len(known), " ".join(words) or f"0 different {several}."


def _shared(team: Team, fact: str) -> str:
    """ " Ana and Ben share one.", of each value that several have."""
    names: dict[object, list[str]] = {}
    for person in team:
        names.setdefault(getattr(person, fact), []).append(person.name)
    several = [mates for value, mates in names.items() if value is not None and len(mates) > 1]
    return "".join(f" {join_words(mates)} share one." for mates in several)


def _classifications(problem: Problem, team: Team) -> Verdict:
    many, words = _variety(team, "classification", "job classification", "job classifications")
    words += _shared(team, "classification") if 1 < many < len(team) else ""
    return Verdict(problem.weights.classification * many, many == len(team), words)


def _divisions(problem: Problem, team: Team) -> Verdict:
    many, words = _variety(team, "division", "division", "divisions")
    return Verdict(problem.weights.division * many, many > 1 or len(team) == 1, words)


def _tracks(problem: Problem, team: Team) -> Verdict:
    many, words = _variety(team, "track", "career track", "career tracks")
    weight = problem.weights.track
    if weight == 0:
        return Verdict(0, True, f"{words} Career tracks are not weighed.")
    wish = "Different" if weight > 0 else "The same"
    ok = many == len(team) if weight > 0 else many <= 1
    words += _shared(team, "track") if weight > 0 and 1 < many < len(team) else ""
    return Verdict(weight * many, ok, words if ok else f"{words} {wish} preferred.")


def _competencies(problem: Problem, team: Team) -> Verdict:
    """Each member: weight x grow competencies a teammate glows in / own grow competencies, rounded down."""
    points, ok, words = 0, True, []
    for person in team:
        met = 0
        for competency in person.grow:
            guides = [mate.name for mate in team if mate.id != person.id and competency in mate.glow]
            if guides:
                met += 1
                verb = "glows" if len(guides) == 1 else "glow"
                words.append(f"{person.name} grows in {competency}; {join_words(guides)} {verb} in it.")
            else:
                words.append(f"{person.name} grows in {competency}; no teammate glows in it.")
        if person.grow:
            points += problem.weights.competency * met // len(person.grow)
            ok = ok and met > 0
    return Verdict(points, ok, " ".join(words) or "Nobody named a competency to grow in.")


RULES = (
    Rule("T1", "Team size", True, _size),
    Rule("T8", "Kept apart", True, _apart),
    Rule("together", "Kept together", True, _together),
    Rule("meet", "A time for all", True, _meet),
    Rule("T2", "Different job classifications", False, _classifications),
    Rule("T6", "Across divisions", False, _divisions),
    Rule("T3", "Career tracks", False, _tracks),
    Rule("competency", "Grow meets glow", False, _competencies),
    Rule("slots", "Choice of times", False, _slots),
)
