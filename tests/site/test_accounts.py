"""Accounts: invited, never signed up; sign-in by mail address; nothing for deactivated people."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.urls import reverse
from django.utils import timezone

from coaching import invitations, outbox
from coaching.models import AuditEvent, Message, User
from tests import factories
from tests.clock import NOW

PASSWORD = "correct horse battery staple"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return factories.person("Ana Reyes", email="ana@example.org")


@pytest.fixture
def ana_with_password(ana) -> User:
    ana.set_password(PASSWORD)
    ana.save()
    return ana


def signed_in_as(client) -> str | None:
    return client.session.get("_auth_user_id")


def link_in(mail) -> str:
    return re.search(r"http://127\.0\.0\.1:8000(/accounts/password/reset/key/\S+)", mail.body).group(1)


def choose_password(client, link: str, password: str = PASSWORD):
    """The key moves from the address into the session first, so that it does not stand in a referrer."""
    form = client.get(link)
    return client.post(form["Location"], {"password1": password, "password2": password})


# Invitations


@pytest.mark.usefixtures("frozen")
def test_an_invited_person_chooses_a_password_and_is_signed_in(client, ana, mailoutbox):
    assert invitations.invite(people=[ana], by=None, now=NOW) == [ana]
    outbox.deliver_due(now=NOW)
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (
        ["ana@example.org"],
        "Your account for the Peer Coaching Program",
    )

    choose_password(client, link_in(mail))

    assert signed_in_as(client) == str(ana.pk)
    assert client.get("/").status_code == 200
    client.post(reverse("account_logout"))
    client.post(reverse("account_login"), {"login": "Ana@example.org", "password": PASSWORD})
    assert signed_in_as(client) == str(ana.pk)


@pytest.mark.usefixtures("frozen")
def test_the_link_of_an_invitation_works_once(client, ana, mailoutbox):
    invitations.invite(people=[ana], by=None, now=NOW)
    outbox.deliver_due(now=NOW)
    link = link_in(mailoutbox[0])
    choose_password(client, link)
    client.post(reverse("account_logout"))

    answer = client.get(link)

    assert answer.status_code == 200  # the page that says so, not the form
    assert "password1" not in answer.content.decode()


@pytest.mark.usefixtures("frozen")
def test_no_token_is_stored(ana):
    invitations.invite(people=[ana], by=None, now=NOW)

    message = Message.objects.get()
    assert (message.ids, message.key) == ({}, f"invitation:first:{ana.pk}")


@pytest.mark.usefixtures("frozen")
def test_people_are_invited_once_unless_somebody_asks_again(ana, administrator):
    assert invitations.invite(people=[ana], by=None, now=NOW) == [ana]
    assert invitations.invite(people=[ana], by=None, now=NOW) == []
    assert invitations.invite(people=[ana], by=administrator, now=NOW, again=True) == [ana]

    assert Message.objects.count() == 2
    assert AuditEvent.objects.filter(action="person.invited").count() == 2


@pytest.mark.usefixtures("frozen")
def test_who_has_a_password_or_is_deactivated_is_not_invited(ana_with_password):
    gone = factories.person("Old Hand", is_active=False)

    assert invitations.invite(people=[ana_with_password, gone], by=None, now=NOW, again=True) == []


@pytest.mark.usefixtures("frozen")
def test_an_invitation_is_dropped_when_a_password_was_set_meanwhile(ana, mailoutbox):
    invitations.invite(people=[ana], by=None, now=NOW)
    ana.set_password(PASSWORD)
    ana.save()

    outbox.deliver_due(now=NOW)

    assert mailoutbox == []
    assert Message.objects.get().status == Message.Status.DROPPED


# Signing in


def test_sign_in_takes_the_mail_address_in_any_case(client, ana_with_password):
    client.post(reverse("account_login"), {"login": "ANA@example.org", "password": PASSWORD})

    assert signed_in_as(client) == str(ana_with_password.pk)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client, ana_with_password):
    def answer(login: str) -> str:
        page = client.post(reverse("account_login"), {"login": login, "password": "wrong"}).content.decode()
        return re.findall(r"<li[^>]*>([^<]*(?:password|correct)[^<]*)", page)[0]

    assert answer("ana@example.org") == answer("nobody@example.org")
    assert signed_in_as(client) is None


def test_after_five_failures_even_the_right_password_waits(client, ana_with_password):
    for _ in range(5):
        client.post(reverse("account_login"), {"login": "ana@example.org", "password": "wrong"})

    client.post(reverse("account_login"), {"login": "ana@example.org", "password": PASSWORD})

    assert signed_in_as(client) is None


def test_deactivated_people_cannot_sign_in(client, ana_with_password):
    User.objects.update(is_active=False)

    client.post(reverse("account_login"), {"login": "ana@example.org", "password": PASSWORD})

    assert signed_in_as(client) is None
    assert client.get(reverse("account_inactive")).status_code == 200


def test_deactivating_ends_what_is_open(client, ana_with_password):
    client.post(reverse("account_login"), {"login": "ana@example.org", "password": PASSWORD})
    assert client.get("/").status_code == 200

    User.objects.update(is_active=False)

    assert client.get("/")["Location"].startswith(reverse("account_login"))


def test_nobody_signs_up(client):
    assert client.get(reverse("account_signup")).status_code == 200
    client.post(
        reverse("account_signup"),
        {"email": "new@example.org", "password1": PASSWORD, "password2": PASSWORD},
    )

    assert not User.objects.filter(email="new@example.org").exists()


# Passwords


def ask_for_link(client, email: str = "ana@example.org", **more):
    """And the mail leaves."""
    answer = client.post(reverse("account_reset_password"), {"email": email}, **more)
    outbox.deliver_due(now=timezone.now())
    return answer


def test_a_forgotten_password_is_reset_by_mail(client, ana_with_password, mailoutbox):
    ask_for_link(client, "ANA@example.org")
    (mail,) = mailoutbox

    choose_password(client, link_in(mail), "another long password")

    ana_with_password.refresh_from_db()
    assert ana_with_password.check_password("another long password")


def test_mail_about_passwords_has_an_html_part_too(client, ana_with_password, mailoutbox):
    ask_for_link(client)
    (mail,) = mailoutbox
    [(html, kind)] = mail.alternatives
    assert kind == "text/html"
    assert f'href="http://127.0.0.1:8000{link_in(mail)}"' in html


def test_who_never_had_a_password_can_ask_for_a_link_as_well(client, ana, mailoutbox):
    ask_for_link(client)

    assert [mail.to for mail in mailoutbox] == [["ana@example.org"]]
    assert link_in(mailoutbox[0])


def test_a_link_is_used_up_by_another_password(client, ana_with_password, mailoutbox):
    ask_for_link(client)
    ana_with_password.set_password("another long password")
    ana_with_password.save()

    assert "password1" not in client.get(link_in(mailoutbox[0]), follow=True).content.decode()


def test_a_short_or_common_password_is_refused(client, ana):
    for password in ("short", "password1234"):
        client.force_login(ana)
        client.post(reverse("account_set_password"), {"password1": password, "password2": password})
        ana.refresh_from_db()
        assert not ana.has_usable_password()


def test_a_password_is_changed_with_the_old_one_alone(client, ana_with_password):
    client.force_login(ana_with_password)
    new = "another long password"

    for old, changed in (("wrong", False), (PASSWORD, True)):
        client.post(
            reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new}
        )
        ana_with_password.refresh_from_db()
        assert ana_with_password.check_password(new) is changed


def test_a_new_password_ends_other_sessions(client, ana_with_password):
    client.force_login(ana_with_password)
    ana_with_password.set_password("another long password")
    ana_with_password.save()

    assert client.get("/")["Location"].startswith(reverse("account_login"))


# Mail addresses come from the directory


@pytest.mark.parametrize(
    "name", ["account_email", "account_email_verification_sent", "account_confirm_email"]
)
def test_pages_about_further_mail_addresses_are_not_offered(client, ana_with_password, name):
    client.force_login(ana_with_password)
    address = reverse(name, args=["key"] if name == "account_confirm_email" else [])

    assert client.get(address).status_code == 404
    assert client.post(address, {"email": "other@example.org", "action_add": ""}).status_code == 404
    assert not EmailAddress.objects.filter(email="other@example.org").exists()


# Words


def labels(page) -> list[str]:
    return [str(field.label) for field in page.context["form"]]


def test_the_forms_use_the_words_of_the_site(client, ana_with_password):
    signing_in = client.get(reverse("account_login"))
    assert labels(signing_in) == ["Mail address", "Password", "Stay signed in"]
    assert "placeholder" not in signing_in.content.decode()
    assert labels(client.get(reverse("account_reset_password"))) == ["Mail address"]
    client.force_login(ana_with_password)
    changing = client.get(reverse("account_change_password"))
    assert labels(changing) == ["Current password", "New password", "New password, once more"]


def test_a_wrong_password_is_said_in_the_words_of_the_site(client, ana_with_password):
    page = client.post(reverse("account_login"), {"login": ana_with_password.email, "password": "wrong"})
    assert page.context["form"].non_field_errors() == [
        "The mail address or the password is not right. Check both and try again."
    ]
