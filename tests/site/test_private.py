"""What belongs to one person stays with them: cookies, caches, redirects, links; and what ends when somebody leaves."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from coaching import invitations, outbox
from coaching.models import RoleAssignment, User
from coaching.site.lists import LISTS
from tests.clock import NOW
from tests.site.test_starting import run

PASSWORD = "correct horse battery staple"
LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(applicant) -> User:
    return with_password(applicant)


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save()
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.post(LOGIN, {"login": user.email, "password": PASSWORD})
    return client


def is_signed_in(client: Client) -> bool:
    return client.get("/people/me/").status_code == 200


# Cookies and headers


OVER_HTTPS = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
from coaching.site.private import Cookie
secure = Client().get("/accounts/login/", secure=True, headers={"host": "coaching.example.gov"})
plain = Client().get("/accounts/login/", headers={"host": "coaching.example.gov"})
print(json.dumps({
    "cookies": {name: [each["secure"], each["path"], each["domain"]] for name, each in secure.cookies.items()},
    "session": [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY,
                settings.SESSION_COOKIE_SAMESITE, settings.SESSION_COOKIE_PATH, settings.SESSION_COOKIE_DOMAIN],
    "messages": Cookie.cookie_name,
    "hsts": secure.get("Strict-Transport-Security"),
    "plain": [plain.status_code, plain.get("Location")],
}))
"""


def test_with_an_https_address_cookies_go_to_this_host_alone():
    done = run("-c", OVER_HTTPS)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found == {
        "cookies": {"__Host-csrftoken": [True, "/", ""]},
        "session": ["__Host-sessionid", True, True, "Lax", "/", None],
        "messages": "__Host-messages",
        "hsts": "max-age=31536000",
        "plain": [301, "https://coaching.example.gov/accounts/login/"],
    }


@pytest.mark.parametrize(
    "address", ["/", "/people/me/", "/accounts/2fa/", "/accounts/password/change/", "/nothing/"]
)
def test_pages_for_whoever_is_signed_in_are_kept_in_no_cache(person, address):
    answer = signed_in(person).get(address)
    assert {"private", "no-store"} <= set(answer["Cache-Control"].replace(" ", "").split(","))


def test_what_is_for_everybody_may_be_kept(client):
    assert "no-store" not in client.get(reverse("verify_roots")).get("Cache-Control", "")


# Redirects


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "///elsewhere.example/",
        "/\\elsewhere.example/",
        "\\\\elsewhere.example",
        "javascript:alert(1)",
        "http:elsewhere.example",
        "https://other.example.gov/",  # another of ours, and yet another host
        "/\t/elsewhere.example/",
    ],
)
class TestNext:
    @pytest.fixture(autouse=True)
    def two_hosts(self, settings):
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "other.example.gov"]

    def test_signing_in_stays_on_the_host(self, client, person, elsewhere):
        assert client.get(LOGIN, {"next": elsewhere}).status_code == 200
        sent = {"login": person.email, "password": PASSWORD, "next": elsewhere}
        assert client.post(LOGIN, sent)["Location"] == "/"

    def test_so_do_signing_out_and_confirming(self, person, elsewhere):
        client = signed_in(person)
        done = client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": elsewhere})
        assert done["Location"] == "/"
        assert client.post(reverse("account_logout"), {"next": elsewhere})["Location"] == LOGIN

    def test_so_does_the_door_of_the_administration(self, client, administrator, elsewhere):
        door = client.get("/admin/login/", {"next": elsewhere})
        assert door["Location"].startswith(LOGIN)
        sent = {"login": with_password(administrator).email, "password": PASSWORD, "next": elsewhere}
        assert client.post(door["Location"], sent)["Location"] == "/"


def test_a_page_of_this_site_is_reached_after_signing_in(client, person):
    sent = {"login": person.email, "password": PASSWORD, "next": "/people/me/?a=1"}
    assert client.post(LOGIN, sent)["Location"] == "/people/me/?a=1"


# Mail


@pytest.mark.parametrize("host", ["other.example.gov", "127.0.0.1:9999"])
def test_mail_carries_the_configured_address_whatever_host_says(person, settings, mailoutbox, host):
    settings.ALLOWED_HOSTS = [host.partition(":")[0]]
    settings.SITE_URL = "https://coaching.example.gov"
    client = Client(headers={"host": host, "x-forwarded-host": "evil.example"})
    client.post("/accounts/password/reset/", {"email": person.email})
    outbox.deliver_due(now=NOW + timedelta(days=3650))
    [mail] = mailoutbox
    parts = [mail.body, *(str(each[0]) for each in mail.alternatives)]
    found = [address for part in parts for address in re.findall(r"https?://[^/\s\"<]+", part)]
    assert {address for address in found if "w3.org" not in address} == {"https://coaching.example.gov"}


def test_another_host_is_refused(client):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


# Who leaves


class TestWhoLeaves:
    def leave(self, person: User) -> None:
        User.objects.filter(pk=person.pk).update(is_active=False)

    def test_every_session_ends_at_once(self, person):
        clients = [signed_in(person), signed_in(person)]
        assert all(map(is_signed_in, clients))
        self.leave(person)
        assert not any(map(is_signed_in, clients))

    def test_no_link_in_a_mail_opens_the_account(self, client, person, mailoutbox):
        client.post("/accounts/password/reset/", {"email": person.email})
        outbox.deliver_due(now=NOW + timedelta(days=3650))
        [link] = re.findall(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", mailoutbox[0].body)
        self.leave(person)
        page = client.get(link, follow=True)
        assert "This link no longer works" in page.content.decode()

    def test_no_form_that_is_open_opens_it_either(self, client, person, mailoutbox):
        client.post("/accounts/password/reset/", {"email": person.email})
        outbox.deliver_due(now=NOW + timedelta(days=3650))
        [link] = re.findall(r"http://127.0.0.1:8000(/accounts/password/reset/key/\S+)", mailoutbox[0].body)
        form = client.get(link)["Location"]
        self.leave(person)
        client.post(form, {"password1": "another long password", "password2": "another long password"})
        person.refresh_from_db()
        assert person.check_password(PASSWORD)
        assert not is_signed_in(client)

    def test_an_invitation_that_waits_is_not_sent(self, outsider, mailoutbox):
        invitations.invite(people=[outsider], by=None, now=NOW)
        self.leave(outsider)
        outbox.deliver_due(now=NOW + timedelta(days=3650))
        assert mailoutbox == []

    def test_a_second_step_that_is_open_does_not_sign_in(self, client, person):
        """The password was right, and the account is closed while the code is typed."""
        client.post(LOGIN, {"login": person.email, "password": PASSWORD})
        self.leave(person)
        client.post(LOGIN, {"login": person.email, "password": PASSWORD})
        assert not is_signed_in(client)


def test_a_new_password_ends_all_other_sessions(person):
    here, there = signed_in(person), signed_in(person)
    new = "another long password"
    here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_signing_out_ends_the_session_on_the_server(person):
    client = signed_in(person)
    cookie = client.cookies["sessionid"].value
    client.post(reverse("account_logout"))
    assert not Session.objects.filter(session_key=cookie).exists()
    client.cookies["sessionid"] = cookie
    assert not is_signed_in(client)


def test_signing_in_makes_a_new_session(client, person):
    client.get("/accounts/password/reset/key/1-old/", follow=True)
    client.session.save()
    before = client.session.session_key
    client.post(LOGIN, {"login": person.email, "password": PASSWORD})
    assert client.session.session_key != before


@pytest.mark.usefixtures("frozen")
def test_an_office_counts_from_and_until_the_request(outsider, branch):
    client = signed_in(with_password(outsider))
    address = reverse("cohort_open")
    assert client.get(address).status_code == 404
    office = RoleAssignment.objects.create(
        user=outsider, office="branch_office", unit=branch, start_date=NOW.date()
    )
    assert client.get(address).status_code == 200
    RoleAssignment.objects.filter(pk=office.pk).update(
        start_date=NOW.date() - timedelta(days=2), end_date=NOW.date() - timedelta(days=1)
    )
    assert client.get(address).status_code == 404
    User.objects.filter(pk=outsider.pk).update(is_staff=True)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=outsider.pk).update(is_staff=False)
    assert client.get("/admin/").status_code == 404


# Asked again after a time away


class TestConfirming:
    @pytest.fixture
    def hour(self):
        with time_machine.travel(NOW, tick=False) as clock:
            yield clock

    def confirm(self, client: Client, answer):
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        wanted = re.search(r"next=([^&]*)", answer["Location"])[1].replace("%2F", "/")
        return client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": wanted})

    @pytest.mark.parametrize(
        "name",
        ["certificate_register_file", "certificate_ceremony_file", *(f"list_{name}" for name in LISTS)],
    )
    def test_a_list_as_a_file(self, hour, branch_officer, cohort, name):
        address = reverse(name, args=[] if "register" in name else [cohort.pk])
        client = signed_in(with_password(branch_officer))
        assert client.get(address)["Content-Type"].startswith("text/csv")
        hour.shift(61 * 60)
        answer = client.get(address)
        assert self.confirm(client, answer)["Location"] == address
        assert client.get(address)["Content-Type"].startswith("text/csv")

    def test_all_files_in_one_are_sent_after_confirming(self, hour, branch_officer, cohort):
        """What was asked for is not lost over it."""
        address = reverse("certificate_files_of_cohort", args=[cohort.pk])
        client = signed_in(with_password(branch_officer))
        without = client.post(address)
        hour.shift(61 * 60)
        answer = self.confirm(client, client.post(address))
        assert answer.status_code == without.status_code
        assert answer["Location"] == without["Location"]

    def test_whoever_may_not_learns_nothing(self, hour, person, cohort):
        client = signed_in(person)
        hour.shift(61 * 60)
        assert client.get(reverse("certificate_register_file")).status_code == 404
        assert client.post(reverse("certificate_files_of_cohort", args=[cohort.pk])).status_code == 404
        assert client.get("/admin/").status_code == 404

    @pytest.mark.parametrize(
        "name", ["index", "coaching_roleassignment_add", "certificates_sealcertificate_changelist"]
    )
    def test_the_administration(self, hour, administrator, name):
        address = reverse(f"admin:{name}")
        client = signed_in(with_password(administrator))
        assert client.get(address).status_code == 200
        hour.shift(61 * 60)
        assert self.confirm(client, client.get(address))["Location"] == address
        assert client.get(address).status_code == 200

    def test_a_role_is_given_after_confirming(self, hour, administrator, outsider, branch):
        address = reverse("admin:coaching_roleassignment_add")
        client = signed_in(with_password(administrator))
        hour.shift(61 * 60)
        sent = {"user": outsider.pk, "office": "branch_office", "unit": branch.pk, "start_date": "2026-11-23"}
        answer = client.post(address, sent)
        assert not RoleAssignment.objects.filter(user=outsider).exists()
        self.confirm(client, answer)
        assert RoleAssignment.objects.filter(user=outsider).exists()
