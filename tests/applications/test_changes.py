"""What changed between two texts: exact, for any words, and quick for long ones."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from applications import changes, drafting, text
from applications.changes import Kind, Piece
from tests.applications.factories import draft
from tests.clock import NOW

few_words = st.lists(st.sampled_from(["a", "form", "for", "meals", " ", "\n", "\n\n", "é"]), max_size=40)
passages = st.one_of(st.text(max_size=200), few_words.map(" ".join))


def side(pieces: list[Piece], without: Kind) -> str:
    return "".join(piece.text for piece in pieces if piece.kind != without)


@given(passages, passages)
def test_the_pieces_are_both_passages(old, new):
    """Without what was added, the old passage; without what was removed, the new one: byte for byte."""
    pieces = changes.words(old, new)
    assert side(pieces, Kind.ADDED) == old
    assert side(pieces, Kind.REMOVED) == new
    assert all(piece.text for piece in pieces)


@given(passages)
def test_nothing_changed_is_no_change(passage):
    assert changes.words(passage, passage) == ([Piece(Kind.SAME, passage)] if passage else [])


@given(passages, passages)
def test_leaving_out_what_is_the_same_keeps_every_change(old, new):
    pieces = changes.words(old, new)
    shown = changes.shortened(pieces)
    assert side(shown, Kind.ADDED) == old
    assert [each for each in shown if each.kind in (Kind.ADDED, Kind.REMOVED)] == [
        each for each in pieces if each.kind in (Kind.ADDED, Kind.REMOVED)
    ]


def test_words_are_compared_not_letters():
    assert changes.words("Bring three forms together.", "Bring four forms closer together.") == [
        Piece(Kind.SAME, "Bring "),
        Piece(Kind.REMOVED, "three "),
        Piece(Kind.ADDED, "four "),
        Piece(Kind.SAME, "forms "),
        Piece(Kind.ADDED, "closer "),
        Piece(Kind.SAME, "together."),
    ]


def test_words_side_by_side_change_together():
    assert changes.words("in the old house", "in one new house") == [
        Piece(Kind.SAME, "in "),
        Piece(Kind.REMOVED, "the old "),
        Piece(Kind.ADDED, "one new "),
        Piece(Kind.SAME, "house"),
    ]


def test_the_longest_unchanged_stretch_stays():
    assert changes.words("it removes the steps in the report", "it removes our steps in the report") == [
        Piece(Kind.SAME, "it removes "),
        Piece(Kind.REMOVED, "the "),
        Piece(Kind.ADDED, "our "),
        Piece(Kind.SAME, "steps in the report"),
    ]


def test_a_line_that_ends_elsewhere_is_no_other_word():
    assert changes.words("One two\nthree", "One\ntwo three") == [
        Piece(Kind.SAME, "One"),
        Piece(Kind.REMOVED, " "),
        Piece(Kind.ADDED, "\n"),
        Piece(Kind.SAME, "two"),
        Piece(Kind.REMOVED, "\n"),
        Piece(Kind.ADDED, " "),
        Piece(Kind.SAME, "three"),
    ]


def test_another_passage_stands_in_place_of_the_old_one():
    old, new = "Schools fill in one form.", "Nobody had thought of this in May."
    assert changes.words(old, new) == [Piece(Kind.REMOVED, old), Piece(Kind.ADDED, new)]


def test_what_was_added_to_a_short_answer_is_an_addition():
    assert changes.words("One form.", "One form. " + "And more of it. " * 20)[0] == Piece(
        Kind.SAME, "One form."
    )


def test_a_long_unchanged_stretch_is_left_out():
    before = " ".join(f"w{number}" for number in range(200))
    shown = changes.shortened(changes.words(f"{before} old {before}", f"{before} new {before}"))
    assert [piece.kind for piece in shown] == [
        Kind.LEFT_OUT, Kind.SAME, Kind.REMOVED, Kind.ADDED, Kind.SAME, Kind.LEFT_OUT,
    ]  # fmt: skip
    assert len(shown[1].text.split()) == changes.AROUND


def test_only_spacing_says_so():
    (changed,) = changes.compared("WHY\n    One two", "WHY\n    One\n    two")
    assert changed.only_spacing
    (changed,) = changes.compared("WHY\n    One two", "WHY\n    One three")
    assert not changed.only_spacing


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("again " * 6000, "once " + "again " * 5999),
        (
            " ".join(str(n * n % 127) for n in range(6000)),
            " ".join(str(n * n * n % 127) for n in range(6000)),
        ),
    ],
)
def test_thirty_thousand_letters_take_no_time(old, new):
    """Comparing word by word costs the square of how often a word comes: given up in time."""
    began = time.process_time()
    pieces = changes.words(old, new)
    assert time.process_time() - began < 3
    assert side(pieces, Kind.ADDED) == old
    assert side(pieces, Kind.REMOVED) == new


@pytest.mark.django_db
@pytest.mark.usefixtures("frozen")
class TestTexts:
    @pytest.fixture
    def application(self, applicant, cohort):
        return draft(applicant, cohort)

    def whole(self, application, **answers) -> str:
        for name, answer in answers.items():
            setattr(application, name, answer)
        route = drafting.preview(application, now=NOW).route
        return text.canonical(application, route, on=NOW.date())

    def test_only_what_changed_with_its_heading(self, application):
        old = self.whole(application)
        new = self.whole(application, project_title="One form for meals", timely="")
        chapters = changes.between(old, new)
        assert [chapter.title for chapter in chapters] == ["DIVISION PROJECT"]
        title, timely = chapters[0].passages
        assert title.label == "Title of the project"
        assert title.pieces[1] == Piece(Kind.REMOVED, "school ")
        assert timely.pieces[-1] == Piece(Kind.ADDED, text.NO_ANSWER)

    def test_another_day_changes_one_line_of_the_head(self, application):
        route = drafting.preview(application, now=NOW).route
        old, new = (text.canonical(application, route, on=NOW.date().replace(day=day)) for day in (23, 24))
        (chapter,) = changes.between(old, new)
        assert [passage.label for passage in chapter.passages] == ["Date submitted:"]

    def test_another_signer_is_taken_out_and_new(self, application):
        old = self.whole(application)
        new = old.replace("Division Director, Nutrition Division:", "Division Director, Health Division:")
        (chapter,) = changes.between(old, new)
        assert [(passage.label, passage.kind) for passage in chapter.passages] == [
            ("Division Director, Nutrition Division:", Kind.REMOVED),
            ("Division Director, Health Division:", Kind.ADDED),
        ]

    def test_the_same_text_has_no_changes(self, application):
        assert changes.between(self.whole(application), self.whole(application)) == []

    @settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(passages, min_size=6, max_size=6))
    def test_every_word_of_both_texts_stands_in_the_comparison(self, application, answers):
        """In its order; nothing is saved, so that the one draft does for all examples."""
        old = self.whole(application, why=answers[0], development=answers[1], timely=answers[2])
        new = self.whole(application, why=answers[3], development=answers[4], timely=answers[5])
        found = changes.compared(old, new)
        for whole, other in ((old, Kind.ADDED), (new, Kind.REMOVED)):
            told = " ".join(
                f"{passage.label} {side(passage.pieces, other)}" for passage in found if passage.kind != other
            )
            assert told.split() == _without_headings(whole).split()


def _without_headings(whole: str) -> str:
    head, *rest = whole.split(f"{text.RULE}\n")
    return " ".join([head, *rest[1::2]])
