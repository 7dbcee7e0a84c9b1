"""The name as its holder wants it written and said: who writes it, who reads it, and from when it is fixed."""

from datetime import timedelta

import pytest
from django.urls import reverse

from certificates import names
from certificates.approval import NamesChanged, approve_batch, propose_batch, submit_for_approval
from certificates.issuing import issue_batch
from certificates.models import HolderName
from certificates.replacing import reissue
from coaching.models import AuditEvent
from tests.certificates.history import AFTER
from tests.constraints import refused_by

pytestmark = pytest.mark.usefixtures("plain_not_found")

LATER = AFTER + timedelta(days=1)
PAGE = "/certificates/name/"


@pytest.fixture
def ada(members):
    return members[0].user


def write(person, name="", said="", now=AFTER):
    names.write(person=person, name=name, said=said, now=now)
    person.refresh_from_db()


class TestWriting:
    @pytest.mark.parametrize(
        "name",
        [
            "Ada Álvarez-Cruz",
            "Ọmọlará Ẹ̀ṣọ́",
            "李小龍",
            "אבי כהן",
            "محمد علی",
            "Nguyễn Thị Ánh",
            "Q",
            "D’Arcy O'Neil",
            "X Æ",
        ],
    )
    def test_it_is_kept_as_it_is_wanted(self, ada, name):
        write(ada, name)
        assert names.on_certificate(ada) == name

    def test_spaces_are_put_in_order(self, ada):
        write(ada, "  Ada \n\t Cruz ")
        assert names.on_certificate(ada) == "Ada Cruz"

    def test_letters_are_composed(self, ada):
        write(ada, "Ada A\u0301lvarez")
        assert names.on_certificate(ada) == "Ada Álvarez"

    @pytest.mark.parametrize(
        ("name", "named"),
        [
            ("Ada\u200b", r"U\+200B"),
            ("Ada\x07", r"U\+0007"),
            ("\u202eadA", r"U\+202E"),
            ("Ada\ue000", r"U\+E000"),
            ("\u3164", r"U\+3164"),
        ],
    )
    def test_what_nobody_can_see_is_refused(self, ada, name, named):
        with pytest.raises(names.NotAName, match=named):
            write(ada, name)
        with pytest.raises(names.NotAPronunciation, match=named):
            write(ada, said=name)
        assert not HolderName.objects.exists()

    def test_joiners_that_scripts_are_written_with_stay(self, ada):
        write(ada, "شاه\u200cنامه")
        assert names.on_certificate(ada) == "شاه\u200cنامه"

    def test_marks_piled_up_on_a_letter_are_refused(self, ada):
        with pytest.raises(names.NotAName, match="More marks stand on one letter"):
            write(ada, "A" + "\u0301" * 6 + "da")
        write(ada, "Ệ\u0323\u0323da")

    @pytest.mark.parametrize("name", ["123", "-", "’"])
    def test_a_name_has_a_letter(self, ada, name):
        with pytest.raises(names.NotAName):
            write(ada, name)

    @pytest.mark.parametrize(("letter", "length"), [("\u0958", 400), ("a", 201)])
    def test_what_is_too_long_as_it_is_kept_is_refused_in_words(self, client, ada, letter, length):
        """Some letters are composed of more characters than they are typed with."""
        typed = letter * 200 if length == 400 else letter * length
        with pytest.raises(names.NotAName, match=f"200 characters at most, and this one has {length}"):
            write(ada, typed)
        with pytest.raises(names.NotAPronunciation, match=f"120 characters at most, and has {length}"):
            write(ada, said=typed)
        client.force_login(ada)
        page = client.post(PAGE, {"name": typed[:200], "said": typed[:120]})
        assert page.status_code == (200 if length == 400 else 302)
        assert HolderName.objects.exists() is (length == 201)

    def test_the_one_on_record_is_not_stored_again(self, ada):
        """So that a correction of the record reaches the certificate."""
        write(ada, "Ada Alvarez", "AY-da")
        ada.name = "Ada Álvarez"
        ada.save()
        assert names.on_certificate(ada) == "Ada Álvarez"

    def test_the_same_again_changes_nothing(self, ada):
        for now in (AFTER, LATER):
            write(ada, "Ada Cruz", "AY-da", now=now)
        assert HolderName.objects.get().written_at == AFTER
        event = AuditEvent.objects.get(action="holder_name.written")
        assert (event.actor, event.payload.data) == (ada, {"name": "Ada Cruz"})

    def test_emptied_it_is_the_record_again(self, ada):
        write(ada, "Ada Cruz", "AY-da")
        write(ada)
        assert not HolderName.objects.exists()
        assert (names.on_certificate(ada), names.pronunciation(ada)) == ("Ada Alvarez", "")

    def test_a_row_says_something(self, ada):
        assert (
            refused_by(HolderName.objects.create, person=ada, written_at=AFTER) == "holdername_says_something"
        )


class TestOnTheList:
    def test_the_list_takes_it(self, cohort, ada, branch_officer):
        write(ada, "Ada Cruz")
        batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        assert [entry.name for entry in batch.entries.all()] == ["Ada Cruz", "Ben Brooks", "Chi Chen"]

    def test_a_draft_is_brought_up_to_date_before_it_is_submitted(self, cohort, draft, ada, branch_officer):
        """Nobody approves a list that the branch office has not seen."""
        write(ada, "Ada Cruz")
        with pytest.raises(NamesChanged, match="Ada Alvarez changed how the name is written"):
            submit_for_approval(batch=draft, by=branch_officer, now=AFTER)
        batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        assert "1. Ada Cruz, " in submit_for_approval(batch=batch, by=branch_officer, now=AFTER).text.text

    def test_once_submitted_it_is_fixed_and_a_new_certificate_takes_that_of_today(
        self, submitted, ada, superintendent, branch_officer
    ):
        write(ada, "Ada Cruz")
        batch = approve_batch(batch=submitted, by=superintendent, typed_name=superintendent.name, now=AFTER)
        issue_batch(batch=batch, by=branch_officer, now=AFTER)
        certificate = batch.certificates.get(participant__user=ada)
        assert certificate.claims["name"] == "Ada Alvarez"
        new = reissue(certificate=certificate, by=branch_officer, reason="Name", now=LATER)
        assert new.claims["name"] == "Ada Cruz"
        certificate.refresh_from_db()
        assert certificate.claims["name"] == "Ada Alvarez"


class TestPages:
    def test_it_is_written_on_ones_own_page(self, client, ada):
        client.force_login(ada)
        assert client.post(PAGE, {"name": "Ada Cruz", "said": "AY-da"})["Location"] == PAGE
        page = client.get(PAGE)
        assert page.context["form"].initial == {"name": "Ada Cruz", "said": "AY-da"}
        assert "Ada Cruz" in client.get(reverse("certificates")).content.decode()

    def test_what_is_wrong_is_told_at_its_field_and_stays_as_typed(self, client, ada):
        client.force_login(ada)
        response = client.post(PAGE, {"name": "Ada\u200b", "said": "AY-da"})
        assert "cannot be seen (U+200B)" in str(response.context["form"].errors["name"])
        assert response.context["form"]["said"].value() == "AY-da"
        assert not HolderName.objects.exists()

    def test_it_says_what_a_change_still_reaches(self, client, ada, submitted):
        client.force_login(ada)
        assert "You are on a list that was submitted" in client.get(PAGE).content.decode()

    def test_whoever_has_a_certificate_is_told_to_ask_for_another(self, client, ada, certificate):
        client.force_login(ada)
        assert "ask the branch office for a new one" in client.get(PAGE).content.decode()

    @pytest.mark.parametrize("who", ["outsider", "branch_officer", "superintendent"])
    def test_it_is_for_those_who_take_part(self, request, client, ada, who):
        client.force_login(request.getfixturevalue(who))
        assert client.get(PAGE).status_code == 404

    def test_the_branch_office_sees_both_names(self, client, cohort, ada, branch_officer, superintendent):
        write(ada, "Ada Cruz", "AY-da")
        batch = propose_batch(cohort=cohort, by=branch_officer, now=AFTER)
        submit_for_approval(batch=batch, by=branch_officer, now=AFTER)
        addresses = [
            reverse("certificate_completion", args=[cohort.pk]),
            reverse("certificate_batch", args=[batch.pk]),
        ]
        for address in addresses:
            client.force_login(branch_officer)
            page = client.get(address).content.decode()
            assert "Ada Cruz" in page
            assert "Ada Alvarez" in page
        client.force_login(superintendent)
        assert "Ada Alvarez" not in client.get(addresses[1]).content.decode()

    def test_how_it_is_said_is_not_in_the_administration(self, client, ada, administrator):
        write(ada, "Ada Cruz", "AY-da")
        client.force_login(administrator)
        page = client.get(reverse("admin:certificates_holdername_change", args=[ada.pk])).content.decode()
        assert "Ada Cruz" in page
        assert "AY-da" not in page
