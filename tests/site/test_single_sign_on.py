"""Single sign-on against a provider that runs here: by HTTP, with discovery, PKCE and ID tokens."""

import base64
import hashlib
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import flask
import oidc_provider_mock
import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client
from django.urls import reverse
from oidc_provider_mock import User as Identity
from werkzeug.serving import make_server

from coaching.models import User
from tests.site.test_second_factor import code_of, set_up, type_password, with_password
from tests.site.test_starting import run

pytestmark = pytest.mark.django_db

START = "/accounts/oidc/department/login/"
KNOWN = "applicant"


@dataclass
class Provider:
    """As it was asked: the challenges of PKCE that came with the questions, and what was proved of them."""

    url: str = ""
    challenges: set[str] = field(default_factory=set)
    proved: int = 0
    asked: list[str] = field(default_factory=list)

    def insist(self) -> tuple[str, int] | None:
        """The provider library leaves PKCE out, so it stands here (RFC 7636)."""
        request = flask.request
        self.asked.append(request.path)
        if request.path == "/oauth2/authorize" and request.method == "GET":
            if request.args.get("code_challenge_method") != "S256":
                return "PKCE is required", 400
            self.challenges.add(request.args["code_challenge"])
        if request.path == "/oauth2/token":
            digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            if challenge not in self.challenges:
                return "Nobody asked with this", 400
            self.proved += 1
        return None


@pytest.fixture
def provider(settings, cast) -> Iterator[Provider]:
    """It knows people by what it says of them; the site is told of it by settings."""
    claims = {
        KNOWN: {"email": cast.applicant.email.upper(), "email_verified": True},
        "unverified": {"email": cast.applicant.email, "email_verified": False},
        "silent": {"email": cast.applicant.email},
        "in words": {"email": cast.applicant.email, "email_verified": "false"},
        "stranger": {"email": "nobody@example.org", "email_verified": True},
        "nameless": {"name": cast.applicant.name},
        "officer": {"email": cast.branch_officer.email, "email_verified": True},
    }
    app = oidc_provider_mock.app(user_claims=[Identity(sub=sub, claims=said) for sub, said in claims.items()])
    running = Provider()
    app.before_request(running.insist)
    server = make_server("localhost", 0, app, threaded=True)
    running.url = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    configure(settings, running.url)
    yield running
    server.shutdown()
    server.server_close()


def configure(settings, url: str) -> None:
    app = {"provider_id": "department", "name": "your department account", "client_id": "coaching"}
    app |= {"secret": "of-tests", "settings": {"server_url": url}}
    settings.OIDC_SERVER = url
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}


def ask(client: Client, *, more: str = "") -> str:
    """Press the button; where the provider asks who it is."""
    return client.post(START + more)["Location"]


def answer(address: str, sub: str | None) -> str:
    """As a browser does at the provider; the address it comes back to. None: says no."""
    said = {"sub": sub} if sub else {"action": "deny"}
    back = requests.post(address, data=said, allow_redirects=False, timeout=10)
    return back.headers["Location"].removeprefix("http://testserver")


def sign_in(client: Client, sub: str | None, *, more: str = ""):
    return client.get(answer(ask_page(client, more=more), sub))


def ask_page(client: Client, *, more: str = "") -> str:
    """The provider's page has to open: there it is that PKCE is asked for."""
    address = ask(client, more=more)
    assert requests.get(address, timeout=10).status_code == 200
    return address


def signed_in_as(client: Client) -> int | None:
    found = client.session.get("_auth_user_id")
    return int(found) if found else None


def test_whoever_the_provider_has_verified_is_signed_in(client, provider, applicant):
    page = client.get("/accounts/login/").content.decode()
    assert "Sign in with your department account" in page

    asked = urlsplit(ask_page(client))
    sent = parse_qs(asked.query)
    assert set(sent["scope"][0].split()) == {"openid", "profile", "email"}
    assert sent["code_challenge_method"] == ["S256"]
    assert client.get(answer(asked.geturl(), KNOWN))["Location"] == "/"

    assert signed_in_as(client) == applicant.pk
    assert client.get("/").status_code == 200
    assert provider.proved == 1
    assert {"/.well-known/openid-configuration", "/oauth2/token", "/userinfo"} <= set(provider.asked)


def test_nothing_is_kept_of_the_providers_account(client, provider, applicant):
    had = with_password(applicant).password
    sign_in(client, KNOWN)
    assert not SocialAccount.objects.exists()
    assert not SocialToken.objects.exists()
    applicant.refresh_from_db()
    assert applicant.password == had


@pytest.mark.parametrize("sub", ["unverified", "silent", "in words", "stranger", "nameless"])
def test_others_are_not_and_nobody_is_signed_up(client, provider, sub):
    before = User.objects.count()
    page = sign_in(client, sub)
    assert page.status_code == 403
    assert "No account for this address" in page.content.decode()
    assert signed_in_as(client) is None
    assert User.objects.count() == before


def test_whoever_left_is_not_signed_in(client, provider, applicant):
    User.objects.filter(pk=applicant.pk).update(is_active=False)
    assert sign_in(client, KNOWN)["Location"] == reverse("account_inactive")
    assert signed_in_as(client) is None


def test_nobody_ties_an_account_to_theirs(client, provider, applicant, outsider):
    """It would open theirs from then on, whatever its mail address."""
    for user, sub in ((outsider, "stranger"), (outsider, KNOWN), (applicant, KNOWN)):
        client.force_login(user)
        sign_in(client, sub, more="?process=connect")
        assert not SocialAccount.objects.exists()
    assert signed_in_as(client) == applicant.pk


def test_the_second_step_is_asked_here_too(client, provider, branch_officer, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    officer = with_password(branch_officer)
    type_password(client, officer)
    secret = set_up(client)
    other = Client()
    assert sign_in(other, "officer")["Location"] == reverse("mfa_authenticate")
    assert signed_in_as(other) is None
    other.post(reverse("mfa_authenticate"), {"code": code_of(secret, step=1)})
    assert signed_in_as(other) == officer.pk


def test_one_goes_on_where_one_was_and_stays_on_the_host(client, provider):
    assert sign_in(client, KNOWN, more="?next=/people/me/")["Location"] == "/people/me/"
    assert sign_in(Client(), KNOWN, more="?next=https://elsewhere.example/")["Location"] == "/"


def test_an_answer_that_was_not_asked_for_signs_nobody_in(client, provider):
    """Somebody else's answer, followed by a link."""
    theirs = answer(ask_page(Client()), KNOWN)
    page = client.get(theirs)
    assert "Signing in did not work" in page.content.decode()
    assert signed_in_as(client) is None


def test_an_answer_counts_once(client, provider):
    back = answer(ask_page(client), KNOWN)
    client.get(back)
    client.post(reverse("account_logout"))
    assert "Signing in did not work" in client.get(back).content.decode()
    assert signed_in_as(client) is None


def test_whoever_says_no_is_told_that_they_are_not_signed_in(client, provider):
    done = sign_in(client, None)
    page = client.get(done["Location"]) if done.status_code == 302 else done
    assert re.search("You are not signed in|Signing in did not work", page.content.decode())
    assert signed_in_as(client) is None


def test_opening_the_address_asks_first(client, provider):
    page = client.get(START)
    assert "Sign in with your department account?" in page.content.decode()
    assert provider.asked == []


def test_a_provider_that_is_away_is_told(client, settings):
    configure(settings, "http://localhost:9")
    page = client.post(START)
    assert page.status_code == 502
    assert "Signing in did not work" in page.content.decode()


def test_a_provider_that_goes_away_meanwhile_is_told(client, provider, settings):
    back = answer(ask_page(client), KNOWN)
    configure(settings, "http://localhost:9")
    assert "Signing in did not work" in client.get(back).content.decode()
    assert signed_in_as(client) is None


def test_it_is_off_without_settings(client):
    assert "department account" not in client.get("/accounts/login/").content.decode()
    assert client.post(START).status_code == 404


ON = """
import django
django.setup()
from django.conf import settings
from django.test import Client
page = Client().get("/accounts/login/", secure=True, headers={"host": "coaching.example.gov"})
print(settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"], page["Content-Security-Policy"])
print("Sign in with your staff account" in page.content.decode())
"""


def test_settings_turn_it_on():
    given = {"OIDC_SERVER": "https://sign-in.example.gov/realm/", "OIDC_CLIENT_ID": "coaching"}
    done = run("-c", ON, **given, OIDC_CLIENT_SECRET="of-tests", OIDC_NAME="your staff account")
    assert done.returncode == 0, done.stderr
    first, last = done.stdout.strip().splitlines()[-2:]
    assert "{'server_url': 'https://sign-in.example.gov/realm'}" in first
    assert re.search(r"form-action 'self' https://sign-in\.example\.gov(;|$)", first)  # in any place
    assert last == "True"
