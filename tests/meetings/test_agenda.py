import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meetings.agenda import STEP, TURN_LEAST, Component, Pace, components_from, fit

PROJECTS = Component("Projects", Pace.TURNS, 30)
COMPETENCY = Component("Building Coalitions", Pace.REST, 40)
WELCOME = Component("Welcome", Pace.FIXED, 30)
NAMES = ["Alice", "Bob", "Charlie", "Dora", "Emil", "Fay"]


@pytest.mark.parametrize(("size", "turn", "competency"), [(2, 30, 60), (3, 25, 45), (4, 20, 40)])
def test_turns_give_way_so_that_the_competency_keeps_its_share(size, turn, competency):
    """M6, M7: four times thirty minutes would leave nothing of two hours."""
    agenda = fit(components=[PROJECTS, COMPETENCY], members=NAMES[:size], minutes=120)
    assert [(item.title, item.member, item.minutes) for item in agenda.items] == [
        *[("Projects", name, turn) for name in NAMES[:size]],
        ("Building Coalitions", None, competency),
    ]
    assert agenda.minutes == 120
    assert agenda.warnings == ()


def test_turns_under_twenty_minutes_are_warned_about():
    """M7 warns."""
    agenda = fit(components=[PROJECTS, COMPETENCY], members=NAMES[:5], minutes=120)
    assert agenda.items[0].minutes == 15
    (warning,) = agenda.warnings
    assert warning == (
        "Each member has 15 minutes, less than the 20 that a project needs. "
        "Meet for longer, or add an extra meeting this month."
    )


def test_turns_under_ten_minutes_are_fitted_to_the_minute():
    """M7: what is so short gives no minute away, and looking back keeps its own."""
    parts = [Component("Outcomes", Pace.TURNS, 30), Component("Looking back", Pace.REST, 30)]
    agenda = fit(components=parts, members=[str(number) for number in range(11)], minutes=120)
    assert [item.minutes for item in agenda.items] == [*[8] * 11, 32]
    assert agenda.warnings[0].startswith("Each member has 8 minutes, less than the 20")


def test_a_meeting_too_short_for_its_parts_says_so():
    agenda = fit(components=[WELCOME, PROJECTS, COMPETENCY], members=NAMES[:3], minutes=60)
    assert "The parts of this meeting need 70 minutes, and it is planned for 60." in agenda.warnings
    assert not any(item.member for item in agenda.items)


def test_several_open_parts_share_what_is_left():
    parts = [Component("First", Pace.REST, 20), PROJECTS, Component("Second", Pace.REST, 20)]
    agenda = fit(components=parts, members=NAMES[:3], minutes=120)
    assert [item.minutes for item in agenda.items] == [20, 25, 25, 25, 25]


def test_who_begins_rotates():
    """T7: nobody always speaks last."""
    agenda = fit(components=[PROJECTS, COMPETENCY], members=NAMES[:3], minutes=120, turn_offset=4)
    assert [item.member for item in agenda.items] == ["Bob", "Charlie", "Alice", None]


def test_a_team_without_members_still_has_an_agenda():
    agenda = fit(components=[PROJECTS, COMPETENCY], members=[], minutes=120)
    assert [(item.title, item.minutes) for item in agenda.items] == [("Building Coalitions", 120)]


def test_times_are_elapsed_minutes_when_the_clocks_change():
    agenda = fit(components=[PROJECTS, COMPETENCY], members=NAMES[:3], minutes=120)
    start = dt.datetime(2027, 3, 14, 1, 0, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert [f"{item.starts(start):%H:%M}" for item in agenda.items] == ["01:00", "01:25", "01:50", "03:15"]
    assert f"{agenda.items[-1].ends(start):%H:%M}" == "04:00"


def test_the_first_meeting_is_the_program_and_then_everybody_in_turn():
    """M5, M6: the first meeting differs."""
    parts = components_from(
        [
            {"kind": "program", "title": "The program", "minutes": None},
            {"kind": "introductions", "title": "Introductions and projects", "minutes": None},
        ]
    )
    agenda = fit(components=parts, members=NAMES[:4], minutes=120)
    assert [(item.key, item.minutes) for item in agenda.items] == [
        ("program", 40),
        *[("introductions", 20)] * 4,
    ]


def test_a_component_with_minutes_of_its_own_keeps_them():
    parts = components_from(
        [
            {"kind": "competency", "title": "Competency", "minutes": 60},
            {"kind": "projects", "title": "Projects"},
        ]
    )
    agenda = fit(components=parts, members=NAMES[:3], minutes=120)
    assert [item.minutes for item in agenda.items] == [60, 20, 20, 20]


def test_a_component_nobody_knows_is_an_open_part():
    (part,) = components_from([{"kind": "lunch", "title": "Lunch"}])
    assert (part.title, part.pace, part.minutes) == ("Lunch", Pace.REST, 20)


components = st.lists(
    st.builds(
        Component,
        st.sampled_from(["Welcome", "Projects", "Competency"]),
        st.sampled_from(list(Pace)),
        st.integers(0, 12).map(lambda fives: fives * 5),
    ),
    max_size=6,
)


@given(components=components, size=st.integers(0, 6), minutes=st.integers(0, 480), offset=st.integers(0, 20))
def test_the_lines_follow_each_other_without_gap_and_end_in_time(components, size, minutes, offset):
    agenda = fit(components=components, members=NAMES[:size], minutes=minutes, turn_offset=offset)
    clock = 0
    for item in agenda.items:
        assert item.offset == clock
        assert item.minutes > 0
        clock += item.minutes
    least = sum(part.minutes for part in components if part.pace is not Pace.TURNS)
    if least <= minutes:
        assert clock <= minutes
    if any(part.pace is Pace.REST for part in components) and least <= minutes:
        assert clock == minutes


@given(
    size=st.integers(2, 6),
    minutes=st.integers(60, 240),
    share=st.integers(6, 12).map(lambda fives: fives * 5),
)
def test_every_member_gets_the_same_and_the_competency_at_least_its_share(size, minutes, share):
    """M7, T7."""
    parts = [PROJECTS, Component("Competency", Pace.REST, share)]
    agenda = fit(components=parts, members=NAMES[:size], minutes=minutes)
    turns = [item.minutes for item in agenda.items if item.member]
    competency = agenda.items[-1].minutes
    assert len(set(turns)) <= 1
    assert competency >= share
    turn = turns[0] if turns else 0
    assert turn <= 30
    assert turn == 30 or (minutes - share) // size - turn < STEP
    assert bool(agenda.warnings) == (turn < TURN_LEAST)


KINDS = st.sampled_from(["program", "introductions", "projects", "competency", "outcomes", "review", "lunch"])
MIXES = st.lists(
    st.fixed_dictionaries(
        {
            "kind": KINDS,
            "title": KINDS,
            "minutes": st.none() | st.integers(1, 12).map(lambda fives: fives * 5),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(
    mix=MIXES,
    size=st.integers(1, 6),
    minutes=st.integers(3, 96).map(lambda fives: fives * 5),
    offset=st.integers(0, 8),
)
def test_any_mix_of_parts_fits_or_says_what_is_tight(mix, size, minutes, offset):
    """M7: as a curriculum keeps its parts; the turns give way, and the competency keeps its share."""
    parts = components_from(mix)
    agenda = fit(components=parts, members=NAMES[:size], minutes=minutes, turn_offset=offset)
    clock = 0
    for item in agenda.items:
        assert item.offset == clock
        clock += item.minutes
    rounds = [part for part in parts if part.pace is Pace.TURNS]
    own = [part for part in parts if part.pace is not Pace.TURNS]
    least = sum(part.minutes for part in own)
    assert agenda.minutes == clock
    assert clock == minutes or not any(part.pace is Pace.REST for part in parts) or least > minutes
    assert clock <= max(minutes, least)
    # Nobody has less than the others, in any round; each of them has a turn in each, or nobody has.
    turns = [item for item in agenda.items if item.member]
    assert len({item.minutes for item in turns}) <= 1
    assert len(turns) in (0, size * len(rounds))
    # Each part that is no round has what it asks for, in the order of the curriculum.
    given_minutes = [item.minutes for item in agenda.items if not item.member]
    assert len(given_minutes) == len(own)
    for part, length in zip(own, given_minutes, strict=True):
        assert length == part.minutes if part.pace is Pace.FIXED else length >= part.minutes
    most = min((part.minutes for part in rounds), default=0)
    turn = turns[0].minutes if turns else 0
    assert turn <= most
    is_tight = bool(rounds) and turn < TURN_LEAST <= most
    assert any("less than the 20 that a project needs" in text for text in agenda.warnings) == is_tight
    assert any("The parts of this meeting need" in text for text in agenda.warnings) == (least > minutes)
