"""The program refuses to start with settings that would harm people, and says what to do."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

KEY = "of-tests-only-0123456789-abcdefghij-klmnop"
FOR_REAL = {
    "DJANGO_SETTINGS_MODULE": "coaching.site.settings",
    "SECRET_KEY": "only-for-tests-0123456789-abcdefghij-klmnopqrst-uvwxyz",
    "DEBUG": "False",
    "DEMO": "False",
    "SITE_URL": "https://coaching.example.gov",
    "ALLOWED_HOSTS": "coaching.example.gov",
    "PROXIES": "1",
    "NOTES_KEY": KEY,
    "EVALUATIONS_KEY": KEY,
    "SECOND_FACTOR_KEY": KEY,
    "EMAIL_URL": "smtp+tls://user:password@mail.example.gov:587",
    "REDIS_URL": "",
    "DATABASE_URL": "",
}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=settings.BASE_DIR, env={"PATH": os.environ["PATH"], **FOR_REAL, **environment},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


REFUSED = {
    "weak secret": ({"SECRET_KEY": "changeme"}, "SECRET_KEY is weak", "at least 50 random characters"),
    "secret of one letter": ({"SECRET_KEY": "a" * 60}, "SECRET_KEY is weak", "token_urlsafe(50)"),
    "no host": ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS is empty", "Set ALLOWED_HOSTS=coaching.example.gov"),
    "any host": ({"ALLOWED_HOSTS": "*"}, "lets anybody name this site", "Set ALLOWED_HOSTS=coaching.example"),
    "another host": (
        {"ALLOWED_HOSTS": "other.example.gov"},
        "ALLOWED_HOSTS lacks coaching.example.gov",
        "Set ALLOWED_HOSTS=other.example.gov,coaching.example.gov",
    ),
    "no address": (
        {"SITE_URL": "coaching.example.gov"},
        "SITE_URL is no address",
        "Set it as people type it",
    ),
    "no key of notes": ({"NOTES_KEY": " , "}, "NOTES_KEY is not set", "for a new database"),
    "no key of evaluations": ({"EVALUATIONS_KEY": ""}, "EVALUATIONS_KEY is not set", "for a new database"),
    "no key of the second step": ({"SECOND_FACTOR_KEY": ""}, "SECOND_FACTOR_KEY is not set", "of its own"),
    "weak key": ({"NOTES_KEY": f"short,{KEY}"}, "NOTES_KEY is weak", "at least 32 random characters"),
    "a public demo": ({"DEMO": "True"}, "DEMO is on and SITE_URL is an https address", "Set DEMO=False"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_and_says_what_to_do(name):
    changed, what, to_do = REFUSED[name]
    refused = run("manage.py", "check", **changed)
    assert refused.returncode == 1
    assert refused.stderr.startswith("The program does not start with these settings:\n- ")
    assert refused.stderr.count("\n") == 2  # one problem, a line
    assert what in refused.stderr
    assert to_do in refused.stderr
    assert "changeme" not in refused.stderr


def test_all_that_is_wrong_is_said_at_once():
    refused = run("manage.py", "check", SECRET_KEY="x", ALLOWED_HOSTS="", NOTES_KEY="", DEMO="True")
    assert refused.stderr.count("\n- ") == 4


@pytest.mark.parametrize(
    "command",
    [
        ("gunicorn", "--bind", "127.0.0.1:0", "coaching.site.wsgi"),
        ("celery", "-A", "coaching.site.celery", "worker"),
        ("celery", "-A", "coaching.site.celery", "beat"),
    ],
    ids=["web", "worker", "beat"],
)
def test_no_process_starts_and_each_says_why(command):
    refused = run("-m", *command, SECRET_KEY="changeme")
    assert refused.returncode != 0
    assert "SECRET_KEY is weak" in refused.stderr + refused.stdout


def test_an_address_of_no_database_is_named_without_its_password():
    refused = run("manage.py", "check", DATABASE_URL="mariadb://user:geheim@host/name")
    assert refused.stderr.startswith("DATABASE_URL is no address of a database.")
    assert "geheim" not in refused.stderr


def test_what_developers_run_may_have_weak_settings():
    assert run("manage.py", "check", DEBUG="True", SECRET_KEY="x", NOTES_KEY=KEY).returncode == 0


def test_a_demo_needs_no_key_of_the_second_step():
    tried = {"SECOND_FACTOR_KEY": "", "SITE_URL": "http://coaching.example.gov", "DEMO": "True"}
    assert run("manage.py", "check", **tried).returncode == 0


def test_settings_for_real_use_pass_the_check_for_deployment():
    checked = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    assert "no issues" in checked.stdout


def test_the_check_for_deployment_names_what_is_for_trying_only():
    site = {"SITE_URL": "http://coaching.example.gov", "EMAIL_URL": "consolemail://", "DEMO": "True"}
    checked = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **site)
    assert checked.returncode == 1
    for number in (1, 2):
        assert f"site.W00{number}" in checked.stderr
    mail = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", EMAIL_URL="consolemail://")
    assert "site.W003" in mail.stderr
    plain = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", OIDC_SERVER="http://a.example")
    assert "site.W004" in plain.stderr


def test_it_says_that_the_seal_does_not_work(tmp_path):
    seal = {"SEAL_CERTIFICATE": str(tmp_path / "none.pem"), "SEAL_KEY": str(tmp_path / "none.key")}
    checked = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **seal)
    assert checked.returncode == 1
    assert "site.W005" in checked.stderr
    assert "The certificate of the seal cannot be read" in checked.stderr
