"""The second step at sign-in: codes, passkeys, recovery codes; who has to have one; what is kept and told of it."""

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from coaching import outbox, second_factor
from coaching.models import AuditEvent, Message, RoleAssignment, User
from tests.clock import NOW

PASSWORD = "correct horse battery staple"
OVERVIEW = "/accounts/2fa/"
CONFIRM = "/accounts/2fa/reauthenticate/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_production(settings):
    settings.SECOND_FACTOR_REQUIRED = True
    cache.clear()


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def with_password(user: User) -> User:
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    return User.objects.get(pk=user.pk)


def type_password(client: Client, user: User):
    return client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})


def code_of(secret: str, *, step: int = 0) -> str:
    """What the app shows: now, or so many half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step))


def set_up(client: Client) -> str:
    """The app, on its page; its secret."""
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    return secret


def recovery_codes(user: User) -> list[str]:
    return Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()


@pytest.fixture
def officer(branch_officer) -> User:
    return with_password(branch_officer)


# Who has to have one


@pytest.mark.usefixtures("clock")
class TestWhoNeedsOne:
    @pytest.mark.parametrize("who", ["branch_officer", "administrator"])
    @pytest.mark.parametrize("address", ["/", "/people/me/", "/meetings/"])
    def test_is_led_to_set_it_up_before_any_other_page(self, client, request, who, address):
        client.force_login(request.getfixturevalue(who))

        assert client.get(address)["Location"] == OVERVIEW
        assert client.post(address)["Location"] == OVERVIEW
        page = client.get(OVERVIEW)
        assert "Set one up before you go on" in page.content.decode()

    def test_an_administrator_reaches_no_page_of_the_administration(self, client, administrator):
        client.force_login(administrator)
        for name in ("index", "coaching_user_changelist"):
            assert client.get(reverse(f"admin:{name}"))["Location"] == OVERVIEW

    @pytest.mark.parametrize("address", ["/verify/", "/verify/roots.pem"])
    def test_public_pages_stay_open(self, client, branch_officer, address):
        client.force_login(branch_officer)
        assert client.get(address).status_code == 200

    def test_they_can_sign_out(self, client, branch_officer):
        client.force_login(branch_officer)
        client.post(reverse("account_logout"))
        assert client.get("/")["Location"].startswith(reverse("account_login"))

    @pytest.mark.parametrize(
        "who", ["applicant", "supervisor", "director", "deputy", "superintendent", "training_officer"]
    )
    def test_others_do_not(self, client, request, who):
        client.force_login(request.getfixturevalue(who))
        assert client.get("/").status_code == 200
        assert "Set one up before" not in client.get(OVERVIEW).content.decode()

    def test_the_office_is_read_at_each_request(self, client, outsider, branch):
        client.force_login(outsider)
        assert client.get("/").status_code == 200
        office = RoleAssignment.objects.create(
            user=outsider, office="branch_office", unit=branch, start_date=NOW.date()
        )
        assert client.get("/")["Location"] == OVERVIEW
        office.delete()
        assert client.get("/").status_code == 200

    def test_the_demo_asks_nobody(self, client, branch_officer, settings):
        settings.SECOND_FACTOR_REQUIRED = False
        client.force_login(branch_officer)
        assert client.get("/").status_code == 200
        assert "Set one up before" not in client.get(OVERVIEW).content.decode()

    def test_whoever_has_set_it_up_goes_on(self, client, officer):
        type_password(client, officer)
        set_up(client)
        assert client.get("/").status_code == 200

    def test_a_session_that_did_not_take_it_has_to(self, client, officer):
        """Opened before, by whoever has the password."""
        other = Client()
        type_password(other, officer)
        type_password(client, officer)
        secret = set_up(client)

        answer = other.get("/people/me/")
        assert answer["Location"] == f"{CONFIRM}?next=%2Fpeople%2Fme%2F"
        done = other.post(answer["Location"], {"code": code_of(secret, step=1)})
        assert done["Location"] == "/people/me/"
        assert other.get("/people/me/").status_code == 200

    def test_the_password_alone_does_not_confirm(self, client, officer):
        other = Client()
        type_password(other, officer)
        type_password(client, officer)
        set_up(client)
        other.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        assert other.get("/")["Location"].startswith(CONFIRM)

    def test_asks_one_query_more_of_whoever_needs_it(
        self, client, officer, settings, django_assert_num_queries
    ):
        type_password(client, officer)
        set_up(client)
        client.get("/people/me/")
        with CaptureQueriesContext(connection) as needed:
            assert client.get("/people/me/").status_code == 200
        settings.SECOND_FACTOR_REQUIRED = False
        with django_assert_num_queries(len(needed) - 1):
            client.get("/people/me/")


# Signing in


class TestSigningIn:
    @pytest.fixture
    def secret(self, clock, client, officer) -> str:
        type_password(client, officer)
        secret = set_up(client)
        client.post(reverse("account_logout"))
        clock.shift(60)
        return secret

    def sign_in(self, client, officer, code: str):
        assert type_password(client, officer)["Location"] == reverse("mfa_authenticate")
        assert "_auth_user_id" not in client.session
        return client.post(reverse("mfa_authenticate"), {"code": code})

    def test_takes_the_code_of_the_app(self, client, officer, secret):
        assert self.sign_in(client, officer, code_of(secret))["Location"] == "/"
        assert client.get("/").status_code == 200

    @pytest.mark.parametrize("step", [-1, 1])
    def test_a_clock_may_be_half_a_minute_off(self, client, officer, secret, step):
        assert self.sign_in(client, officer, code_of(secret, step=step)).status_code == 302

    @pytest.mark.parametrize("step", [-2, 2])
    def test_but_not_more(self, client, officer, secret, step):
        page = self.sign_in(client, officer, code_of(secret, step=step))
        assert page.context["form"].errors["code"] == [
            "This code does not count. Take the one that the app shows now, or another recovery code."
        ]
        assert "_auth_user_id" not in client.session

    def test_a_code_counts_once_for_as_long_as_it_would_be_taken(self, client, officer, secret, clock):
        code = code_of(secret, step=1)
        self.sign_in(client, officer, code)
        for seconds in (0, 45):
            clock.shift(seconds)
            assert self.sign_in(Client(), officer, code).status_code == 200

    def test_the_code_that_set_the_app_up_counts_no_more(self, client, officer, clock):
        type_password(client, officer)
        code = code_of(set_up(client))
        client.post(reverse("account_logout"))
        for seconds in (0, 45):
            clock.shift(seconds)
            assert self.sign_in(Client(), officer, code).status_code == 200

    def test_a_recovery_code_counts_once(self, client, officer, secret):
        code, *others = recovery_codes(officer)
        assert len(others) == 9
        assert self.sign_in(client, officer, code).status_code == 302
        assert client.get("/").status_code == 200
        assert self.sign_in(Client(), officer, code).status_code == 200
        assert recovery_codes(officer) == others

    def test_guesses_are_limited(self, client, officer, secret):
        for _ in range(5):
            page = self.sign_in(client, officer, "000000")
        page = self.sign_in(client, officer, code_of(secret))
        assert page.context["form"].errors["code"] == [
            "Too many attempts failed. Wait five minutes and try again."
        ]

    def test_nobody_is_signed_in_by_opening_the_page(self, client, officer, secret):
        type_password(client, officer)
        assert client.get(reverse("mfa_authenticate")).status_code == 200
        assert client.get("/")["Location"].startswith(reverse("account_login"))


# What is kept, recorded and told


@pytest.mark.usefixtures("clock")
class TestWhatIsKept:
    def test_secrets_are_encrypted(self, client, officer):
        type_password(client, officer)
        secret = set_up(client)
        for row in Authenticator.objects.filter(user=officer):
            kept = row.data.get("secret") or row.data["seed"]
            assert kept.startswith("gAAAA")
            assert secret not in str(row.data)
        assert len(recovery_codes(officer)) == 10

    def test_the_key_is_rotated(self, client, officer, settings):
        type_password(client, officer)
        set_up(client)
        before = recovery_codes(officer)
        settings.SECOND_FACTOR_KEY = f"another-key,{settings.SECOND_FACTOR_KEY}"
        assert recovery_codes(officer) == before

    def test_each_change_is_audited_and_told(
        self, client, officer, mailoutbox, django_capture_on_commit_callbacks
    ):
        with django_capture_on_commit_callbacks(execute=True):
            type_password(client, officer)
            set_up(client)
            client.post(reverse("mfa_generate_recovery_codes"))
            client.post(reverse("mfa_deactivate_totp"))

        events = AuditEvent.objects.filter(action__startswith="person.").order_by("pk")
        assert [(each.action, each.actor_id) for each in events] == [
            ("person.second_factor_added", officer.pk),
            ("person.recovery_codes_made", officer.pk),
            ("person.recovery_codes_made", officer.pk),
            ("person.second_factor_removed", officer.pk),
        ]
        assert mailoutbox == []  # nothing is sent while somebody waits
        outbox.deliver_due(now=NOW)
        assert sorted(mail.subject for mail in mailoutbox) == [
            "A second step was added to your sign-in",
            "A second step was removed from your sign-in",
            "New recovery codes were made",
        ]
        assert not Authenticator.objects.filter(user=officer).exists()

    def test_without_its_audit_event_nothing_is_set_up(self, client, officer, monkeypatch):
        def broken(*args, **kwargs):
            raise RuntimeError("no audit")

        type_password(client, officer)
        secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
        monkeypatch.setattr("coaching.audit.record", broken)
        with pytest.raises(RuntimeError):
            client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
        assert not Authenticator.objects.exists()

    def test_after_a_time_away_it_is_confirmed_first(self, client, officer, clock):
        type_password(client, officer)
        clock.shift(61 * 60)
        for name in ("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"):
            assert client.get(reverse(name))["Location"].startswith(reverse("account_reauthenticate"))


# Taking a lost one away


@pytest.mark.usefixtures("clock")
class TestTakingAway:
    @pytest.fixture
    def phone(self, officer) -> Client:
        """Where the officer is signed in."""
        client = Client()
        type_password(client, officer)
        set_up(client)
        Message.objects.all().delete()
        return client

    def test_ends_what_the_lost_one_opened(self, phone, officer, administrator, mailoutbox):
        assert phone.get("/").status_code == 200
        assert second_factor.take_away(person=officer, by=administrator, now=NOW)

        assert phone.get("/")["Location"] == OVERVIEW
        assert not Authenticator.objects.filter(user=officer).exists()
        event = AuditEvent.objects.get(action="person.second_factor_taken_away")
        assert (event.actor, event.object_id) == (administrator, officer.pk)
        outbox.deliver_due(now=NOW)
        [mail] = mailoutbox
        assert officer.email in mail.to[0]
        assert f"{administrator}, an administrator, took away" in mail.body
        assert "Your office needs one" in mail.body

    def test_whoever_holds_the_lost_one_stays_out_when_there_is_another(
        self, phone, client, officer, administrator
    ):
        second_factor.take_away(person=officer, by=administrator, now=NOW)
        type_password(client, officer)
        set_up(client)
        assert client.get("/").status_code == 200
        assert phone.get("/")["Location"].startswith(CONFIRM)

    def test_twice_is_once(self, phone, officer, administrator):
        assert second_factor.take_away(person=officer, by=administrator, now=NOW)
        assert not second_factor.take_away(person=officer, by=administrator, now=NOW)
        assert AuditEvent.objects.filter(action="person.second_factor_taken_away").count() == 1
        assert Message.objects.filter(kind=second_factor.TAKEN_AWAY).count() == 1

    def test_the_administration_asks_first(self, phone, officer, administrator, settings):
        settings.SECOND_FACTOR_REQUIRED = False
        client = Client()
        type_password(client, with_password(administrator))
        sent = {"action": "take_second_factor_away", "_selected_action": [officer.pk]}
        address = reverse("admin:coaching_user_changelist")

        page = client.post(address, sent)
        assert officer.email in page.content.decode()
        assert second_factor.steps_of(officer).exists()
        page = client.post(address, {**sent, "confirmed": "yes"}, follow=True)
        assert "Second steps taken away: 1 of 1." in page.content.decode()
        assert not second_factor.steps_of(officer).exists()

    def test_the_command_does_it_without_an_administrator(self, phone, officer, capsys):
        call_command("take_second_factor_away", officer.email.upper())
        call_command("take_second_factor_away", officer.email)
        assert capsys.readouterr().out.splitlines() == [
            f"Taken away: the second step of {officer.name}.",
            f"{officer.name} has no second step. Nothing was changed.",
        ]
        with pytest.raises(CommandError, match="Nobody has the mail address"):
            call_command("take_second_factor_away", "nobody@example.org")
