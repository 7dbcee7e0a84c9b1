"""Which names the branch office looks at before it submits a list, and what it sees."""

import pytest
from django.urls import reverse

from certificates import preview
from certificates.approval import propose_batch
from certificates.models import BatchEntry, Certificate, HolderName
from coaching.models import Participant, User
from tests.certificates.content import text_of
from tests.certificates.history import AFTER

pytestmark = pytest.mark.usefixtures("plain_not_found")


def draft_of(members, names, by):
    """A list with these names."""
    for participant, name in zip(members, names, strict=True):
        HolderName.objects.create(person=participant.user, name=name, written_at=AFTER)
    return propose_batch(cohort=members[0].cohort, by=by, now=AFTER)


def test_the_longest_is_the_one_that_takes_the_most_room():
    """Not the one with the most letters."""
    narrow, wide = preview.printed_widths(["Liii Illiiillliii", "Wwwww Wwwwwm"])
    assert wide > narrow > 0


def test_names_of_any_script_are_measured():
    widths = preview.printed_widths(["李小龍", "אבי כהן", "محمد علی", "Nguyễn", "<b>&amp;</b>", "Q"])
    assert all(width > 0 for width in widths)
    assert min(widths) == widths[-1]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("李小 Lee", "Letters of another script: 李 小"),
        ("Zoë Nuñez", "Letters with accents, or that English does not have: ë ñ"),
        ("D’Arcy Neil-Oz", "Signs between its letters: ’ -"),
        ("Bo Li", "The shortest of the other names; none is unusual."),
    ],
)
def test_it_is_said_what_is_unusual(name, why):
    assert preview.why_unusual(name) == why


@pytest.mark.parametrize(
    ("names", "longest", "oddest"),
    [
        (["Maximiliana Wwwwwwwwwwwwwwwww", "Zoë Nuñez", "李 Lee"], "Maximiliana Wwwwwwwwwwwwwwwww", "李 Lee"),
        (
            ["Maximiliana Wwwwwwwwwwwwwwwww", "D’Arcy", "Zoë Nuñez"],
            "Maximiliana Wwwwwwwwwwwwwwwww",
            "Zoë Nuñez",
        ),
        (["Maximiliana Wwwwwwwwwwwwwwwww", "Ada Alba", "Q"], "Maximiliana Wwwwwwwwwwwwwwwww", "Q"),
        (["李小龍李小龍李小龍", "Ada Alba", "Zoë"], "李小龍李小龍李小龍", "Zoë"),
    ],
)
def test_two_names_are_picked(members, branch_officer, names, longest, oddest):
    found = preview.picks(draft_of(members, names, branch_officer))
    assert [pick.entry.name for pick in found] == [longest, oddest]


def test_of_a_long_list_only_the_likely_names_are_laid_out(draft, members, cohort, monkeypatch):
    """A page never waits for a layout of everybody's name."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    others = [f"{letters[turn % 26].upper()}{letters[turn // 26] * (turn % 9 + 1)} Li" for turn in range(300)]
    people = User.objects.bulk_create(
        User(email=f"{turn}@example.org", name=name)
        for turn, name in enumerate([*others, "Wim Wwwwwwww Wwwwwwwm"])
    )
    rows = Participant.objects.bulk_create(
        Participant(user=person, cohort=cohort, enrolled_at=AFTER) for person in people
    )
    BatchEntry.objects.bulk_create(
        BatchEntry(batch=draft, participant=row, name=row.user.name, minutes=960) for row in rows
    )
    measured, measure = [], preview.printed_widths

    def noting(names):
        measured.extend(names)
        return measure(measured)

    monkeypatch.setattr(preview, "printed_widths", noting)
    assert preview.picks(draft)[0].entry.name == "Wim Wwwwwwww Wwwwwwwm"
    assert len(measured) == preview.MEASURED


@pytest.mark.parametrize(
    "names",
    [
        ["Liii Illiiillliii", "Wwwww Wwwwwm"],
        ["李小龍李小龍", "Ada Alvarez"],
        ["e\u0301" * 20, "Maximiliana Featherstone"],
        ["Ada Alvarez", "ADA ALVAREZ"],
    ],
)
def test_the_likely_width_sorts_names_as_their_print_does(names):
    assert sorted(names, key=preview._likely_width) == [
        name for _, name in sorted(zip(preview.printed_widths(names), names, strict=True))
    ]


def test_of_one_name_it_is_that_one(draft):
    draft.entries.exclude(name="Ada Alvarez").delete()
    assert [pick.entry.name for pick in preview.picks(draft)] == ["Ada Alvarez"]
    draft.entries.all().delete()
    assert preview.picks(draft) == []


def test_the_page_leads_to_a_sample_of_each(client, drawn, members, branch_officer):
    batch = draft_of(members, ["Maximiliana Wwwwwwwwwwwwwwwww", "Zoë Nuñez", "Bo Li"], branch_officer)
    client.force_login(branch_officer)
    page = client.get(reverse("certificate_samples", args=[batch.pk])).content.decode()
    assert "The longest name when it is printed." in page
    zoe = batch.entries.get(name="Zoë Nuñez")
    address = reverse("certificate_sample_of", args=[batch.pk, zoe.pk])
    assert address in page
    sample = text_of(client.get(address).content)
    assert sample.startswith("Sample: not a certificate")
    assert "Zoë Nuñez" in sample
    assert not Certificate.objects.exists()


def test_a_name_of_another_list_is_not_there(client, draft, branch_officer):
    client.force_login(branch_officer)
    assert client.get(reverse("certificate_sample_of", args=[draft.pk, 0])).status_code == 404
    assert client.get(reverse("certificate_sample_of", args=[draft.pk, 987654])).status_code == 404


class TestOnesOwn:
    def test_it_has_the_name_that_was_saved_and_the_hours_of_today(self, client, drawn, members):
        person = members[0].user
        HolderName.objects.create(person=person, name="Åda Alvarez", written_at=AFTER)
        client.force_login(person)
        assert reverse("certificate_name_sample") in client.get(reverse("certificate_name")).content.decode()
        sample = text_of(client.get(reverse("certificate_name_sample")).content)
        assert sample.startswith("Sample: not a certificate")
        assert "Åda Alvarez" in sample
        assert "16 hours" in sample

    def test_a_name_that_no_font_can_write_leads_back_and_says_so(self, client, drawn, members):
        person = members[0].user
        HolderName.objects.create(person=person, name="Ada \U0010fffd", written_at=AFTER)
        client.force_login(person)
        page = client.get(reverse("certificate_name_sample"), follow=True)
        assert page.redirect_chain == [(reverse("certificate_name"), 302)]
        assert "No installed font can write “\U0010fffd”" in page.content.decode()
