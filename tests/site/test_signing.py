"""What every page with a signature asks: consent once, the password after a time away; nothing typed is lost over it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse

from applications import drafting, project_changes, releasing
from certificates.approval import propose_batch, submit_for_approval
from certificates.views import samples
from coaching import esign
from coaching.enrollment import Project
from coaching.models import AuditEvent, ESignConsent, SignOff, User
from coaching.site.accounts import AccountAdapter
from tests.applications.factories import accepted, at_deputy, choose, competencies, draft, sign, submitted
from tests.certificates.history import AFTER, completed_team
from tests.clock import NOW
from tests.keeping import taken_back

PASSWORD = "a-long-enough-passphrase"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen", "plain_not_found")]


@dataclass
class Door:
    """One page on which something is signed: who signs there, its address, and what is typed beside the name."""

    signer: User
    address: str
    data: dict[str, object]
    kept: str = ""  # what was typed and has to be there still

    def __post_init__(self) -> None:
        self.before = SignOff.objects.filter(signer=self.signer).count()

    def typed(self, **more: object) -> dict[str, object]:
        return {"typed_name": self.signer.name, **self.data, **more}


def review(cast) -> Door:
    application = draft(cast.applicant, cast.cohort)
    boxes = dict.fromkeys(("benefits_acknowledged", "voluntary_acknowledged", "commitment_made"), "on")
    seen = drafting.preview(application, now=NOW)
    return Door(
        cast.applicant, reverse("application_review", args=[application.pk]), {"digest": seen.digest, **boxes}
    )


def support(cast) -> Door:
    application = submitted(cast.applicant, cast.cohort)
    data = {"text_id": application.current_text_id, "concept_supervisor": "2026-11-04"}
    address = reverse("approval_sign", args=[application.pk])
    return Door(cast.supervisor, address, data, kept="2026-11-04")


def decision(cast) -> Door:
    deputy, cohort = cast.org.deputy, cast.cohort
    choose(at_deputy(cast.applicant, cohort), deputy)
    listed = releasing.bundle(cohort, deputy, now=NOW).listed
    return Door(deputy, reverse("selection_release", args=[cohort.pk]), {"listed": listed})


def concurrence(cast) -> Door:
    accepted(cast.applicant, cast.cohort)
    six = competencies(cast.cohort)
    project = Project("Two forms", "One was too long.", "Two.", "Minutes.", tuple(six[:1]))
    change = project_changes.ask(
        participant=cast.applicant.participations.get(),
        by=cast.applicant,
        project=project,
        why="The pilot showed it.",
        now=NOW,
    )
    return Door(cast.org.director, reverse("project_concur", args=[change.pk]), {})


def approval(cast) -> Door:
    with time_machine.travel(AFTER, tick=False):
        completed_team(cast.cohort, ("Ada Alvarez", "Ben Brooks", "Chi Chen"), by=cast.branch_officer)
        batch = propose_batch(cohort=cast.cohort, by=cast.branch_officer, now=AFTER)
        submit_for_approval(batch=batch, by=cast.branch_officer, now=AFTER)
    return Door(cast.org.superintendent, reverse("certificate_approve", args=[batch.pk]), {})


DOORS = [review, support, decision, concurrence, approval]
of_a_signer = pytest.mark.parametrize("kept_door", [support], indirect=True, ids=["support"])


@pytest.fixture(scope="class", params=DOORS, ids=[build.__name__ for build in DOORS])
def kept_door(request, kept_cast, django_db_blocker) -> Iterator[Door]:
    with taken_back(django_db_blocker):
        with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False):
            built = request.param(kept_cast)
        yield built


@pytest.fixture
def door(kept_door, fresh) -> Door:
    return fresh(kept_door)


@pytest.fixture(autouse=True)
def a_sample_was_seen(monkeypatch) -> None:
    """That certificates are not approved without is tested with them."""
    monkeypatch.setattr(samples, "is_seen", lambda request, batch: True)


def words(response) -> str:
    return " ".join(unescape(response.content.decode()).split())


def signatures(door: Door) -> int:
    return SignOff.objects.filter(signer=door.signer).count() - door.before


def sign_in(client, user: User) -> None:
    """As people do: with the password."""
    user.set_password(PASSWORD)
    user.save()
    done = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert done.status_code == 302


class TestConsent:
    @pytest.fixture(autouse=True)
    def nobody_has_consented(self, door):
        ESignConsent.objects.all().delete()

    def test_is_asked_before_the_first_signature(self, client, door):
        client.force_login(door.signer)
        page = words(client.post(door.address, door.typed()))
        assert "I agree to sign electronically." in page
        assert esign.TEXT.split("\n")[0] in page
        assert "Agree to sign electronically, or ask the branch office for the paper." in page
        assert door.kept in page
        assert (signatures(door), ESignConsent.objects.count()) == (0, 0)

    def test_is_given_in_the_form_that_signs_and_not_asked_again(self, client, door):
        client.force_login(door.signer)
        assert client.post(door.address, door.typed(consent="on")).status_code == 302
        assert signatures(door) == 1
        given = ESignConsent.objects.get()
        assert (given.person, given.version, given.text) == (door.signer, esign.VERSION, esign.TEXT)
        assert given.given_at == NOW
        assert AuditEvent.objects.filter(action="esign.consented", actor=door.signer).count() == 1

    def test_of_an_earlier_wording_is_asked_again(self, client, door):
        ESignConsent.objects.create(person=door.signer, version="2020-01", text="Earlier.", given_at=NOW)
        client.force_login(door.signer)
        assert "I agree to sign electronically." in words(client.post(door.address, door.typed()))
        assert signatures(door) == 0


class TestAfterATimeAway:
    def test_whoever_signed_in_just_now_is_not_asked(self, client, door):
        sign_in(client, door.signer)
        assert client.post(door.address, door.typed()).status_code == 302
        assert signatures(door) == 1

    def test_the_password_is_asked_in_the_form_and_nothing_is_lost(self, client, door):
        with time_machine.travel(NOW - timedelta(minutes=61), tick=False):
            sign_in(client, door.signer)
        page = words(client.post(door.address, door.typed()))
        assert "You signed in a while ago. Type your password to sign." in page
        assert door.signer.name in page
        assert door.kept in page
        assert signatures(door) == 0
        page = words(client.post(door.address, door.typed(password="not-this-one")))
        assert "This is not your password. Try again." in page
        assert door.kept in page
        assert signatures(door) == 0
        assert client.post(door.address, door.typed(password=PASSWORD)).status_code == 302
        assert signatures(door) == 1

    def test_the_hour_counts_from_the_confirmation(self, client, door):
        with time_machine.travel(NOW - timedelta(minutes=61), tick=False):
            sign_in(client, door.signer)
        page = words(client.post(door.address, door.typed(password=PASSWORD, typed_name="Somebody Else")))
        assert "type your name exactly" in page
        assert "Your password" not in page  # confirmed; only the name is wrong
        assert client.post(door.address, door.typed()).status_code == 302
        assert signatures(door) == 1


class TestAllThatIsWrong:
    """Told at once: nobody mends one thing to hear of the next."""

    WRONG = ["To sign, type your name exactly as it is on record: {}."]

    def test_with_a_wrong_name_alone_nothing_is_signed(self, client, door):
        client.force_login(door.signer)
        page = words(client.post(door.address, door.typed(typed_name="Somebody Else")))
        assert self.WRONG[0].format(door.signer.name) in page
        assert door.kept in page
        assert signatures(door) == 0

    def test_wrong_name_and_missing_consent(self, client, door):
        ESignConsent.objects.all().delete()
        client.force_login(door.signer)
        page = words(client.post(door.address, door.typed(typed_name="Somebody Else")))
        assert self.WRONG[0].format(door.signer.name) in page
        assert "Agree to sign electronically, or ask the branch office for the paper." in page
        assert (signatures(door), ESignConsent.objects.count()) == (0, 0)

    def test_wrong_name_and_wrong_password(self, client, door):
        with time_machine.travel(NOW - timedelta(minutes=61), tick=False):
            sign_in(client, door.signer)
        page = words(
            client.post(door.address, door.typed(typed_name="Somebody Else", password="not-this-one"))
        )
        assert self.WRONG[0].format(door.signer.name) in page
        assert "This is not your password. Try again." in page
        assert signatures(door) == 0

    @pytest.mark.parametrize("kept_door", [review], indirect=True, ids=["review"])
    def test_of_the_applicant(self, client, door):
        client.force_login(door.signer)
        sent = {"digest": door.data["digest"], "typed_name": "Ana", "commitment_made": "on"}
        page = client.post(door.address, sent)
        assert page.context["form"].errors == {
            "benefits_acknowledged": ["Read it, then check the box."],
            "voluntary_acknowledged": ["Read it, then check the box."],
            "typed_name": [self.WRONG[0].format("Ana Applicant")],
        }
        assert page.context["form"]["typed_name"].value() == "Ana"

    @pytest.mark.parametrize("kept_door", [review], indirect=True, ids=["review"])
    def test_a_text_that_changed_is_told_whatever_else_is_wrong(self, client, door):
        client.force_login(door.signer)
        page = client.post(door.address, {"digest": "0" * 64, "typed_name": "Ana"})
        assert "Something has changed since you opened this page." in words(page)
        assert not page.context["form"].is_bound  # read, and signed for, again

    @of_a_signer
    def test_of_a_signer(self, client, door):
        """A3."""
        client.force_login(door.signer)
        sent = door.typed(typed_name="Sam", concept_supervisor=NOW.date() + timedelta(days=1), text_id=0)
        errors = client.post(door.address, sent).context["form"].errors
        assert set(errors) == {"__all__", "typed_name", "concept_supervisor"}
        assert "has changed the application since you opened it" in errors["__all__"][0]

    @pytest.mark.parametrize("kept_door", [decision], indirect=True, ids=["decision"])
    def test_a_list_that_changed_is_told_beside_a_wrong_name(self, client, door):
        """A10: what is released next is what the page now shows, and nobody signs it unawares."""
        client.force_login(door.signer)
        page = client.post(door.address, {"listed": "1.9", "typed_name": "Derek"})
        form = page.context["form"]
        assert set(form.errors) == {"__all__", "typed_name"}
        assert "the list has changed since you opened it" in form.errors["__all__"][0]
        assert (form["listed"].value(), form["typed_name"].value()) == (door.data["listed"], "")


@of_a_signer
class TestPassword:
    def test_attempts_are_limited_as_at_sign_in(self, client, door):
        cache.clear()
        with time_machine.travel(NOW - timedelta(hours=2), tick=False):
            sign_in(client, door.signer)
        for _ in range(5):
            page = words(client.post(door.address, door.typed(password="guess")))
            assert "This is not your password" in page
        page = words(client.post(door.address, door.typed(password=PASSWORD)))
        assert "Too many attempts failed. Wait five minutes and try again." in page
        assert signatures(door) == 0
        cache.clear()

    def test_of_another_session_does_not_help(self, client, door):
        """Signing in as somebody else in this browser leaves nothing behind."""
        sign_in(client, door.signer)
        client.logout()
        client.force_login(door.signer)
        assert "Type your password to sign." in words(client.post(door.address, door.typed()))

    def test_is_not_on_the_page_of_whoever_has_just_signed_in(self, client, door):
        sign_in(client, door.signer)
        page = words(client.get(door.address.replace("sign/", "")))
        assert "Type your name to sign" in page
        assert "Your password" not in page

    def test_whoever_has_none_confirms_on_the_page_of_the_sign_in(self, client, door, monkeypatch):
        """Single sign-on: the form is kept meanwhile, and sent on afterwards."""
        elsewhere = [
            {"id": "x", "description": "At the department", "url": reverse("account_reauthenticate")}
        ]
        monkeypatch.setattr(AccountAdapter, "get_reauthentication_methods", lambda self, user: elsewhere)
        client.force_login(door.signer)
        response = client.post(door.address, door.typed())
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_reauthenticate"))
        assert client.session["account_reauthentication_state"]["request"]
        assert signatures(door) == 0


@of_a_signer
class TestAttribution:
    def test_a_signature_keeps_the_session_but_not_its_key(self, client, door):
        client.force_login(door.signer)
        client.post(door.address, door.typed())
        kept = SignOff.objects.get(signer=door.signer)
        key = client.session.session_key
        assert kept.session_digest == hashlib.sha256(key.encode()).hexdigest()
        assert kept.address is None
        assert kept.signed_at == NOW

    def test_the_address_is_kept_where_the_setting_says_so(self, client, door, settings):
        settings.SIGN_OFF_ADDRESS = True
        client.force_login(door.signer)
        client.post(door.address, door.typed(), REMOTE_ADDR="192.0.2.7")
        assert SignOff.objects.get(signer=door.signer).address == "192.0.2.7"

    def test_is_for_the_administration_not_for_readers(self, client, door, administrator, applicant):
        client.force_login(door.signer)
        client.post(door.address, door.typed())
        kept = SignOff.objects.get(signer=door.signer)
        application = applicant.applications.get()
        client.force_login(applicant)
        page = words(client.get(reverse("application_text", args=[application.pk, kept.text_id])))
        assert "Sam Supervisor" in page
        assert kept.session_digest not in page
        client.force_login(administrator)
        page = words(client.get(reverse("admin:coaching_signoff_change", args=[kept.pk])))
        assert kept.session_digest in page
        assert 'name="_save"' not in page


def test_outside_of_a_request_nothing_is_claimed(applicant, supervisor, cohort):
    sign(submitted(applicant, cohort), supervisor)
    assert set(SignOff.objects.values_list("session_digest", "address")) == {("", None)}
