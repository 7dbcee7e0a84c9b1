"""What is logged: JSON, a line each, with the id of the request; no names, addresses, tokens, nothing that was typed."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils.log import AdminEmailHandler

from applications import workflow
from certificates.views import verify
from coaching.models import User
from coaching.site import due, logs
from coaching.site.celery import app
from coaching.tasks import run_job
from tests.applications.factories import submitted

pytestmark = pytest.mark.django_db
COMMENT = "Say more about the schools of the Unified District."
TOKEN = "a-secret-that-opens-a-page"
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logs.JsonLines())
        self.text: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.text.append(self.format(record))

    @property
    def objects(self) -> list[dict]:
        return [json.loads(line) for line in self.text]

    def of_requests(self) -> list[dict]:
        return [line for line in self.objects if line["message"] == "request"]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root, handler = logging.getLogger(), Lines()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


def personal(user: User) -> list[str]:
    return [user.email, user.name, user.email.partition("@")[0], *user.name.split()]


def test_a_line_for_each_request_names_its_route_and_who_by_number(client, lines, supervisor):
    client.force_login(supervisor)
    answer = client.get("/approvals/?q=Ana+Applicant")
    [line] = lines.of_requests()
    assert {name: line[name] for name in ("level", "method", "route", "status", "user")} == {
        "level": "INFO", "method": "GET", "route": "approvals", "status": 200, "user": supervisor.pk,
    }  # fmt: skip
    assert 0 < line["ms"] < 60_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert line["request_id"] == answer["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", line["request_id"])
    assert "Applicant" not in lines.text[0]


def test_a_line_makes_no_query(client, lines, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get("/static/css/site.css")
    [line] = lines.of_requests()
    assert (line["route"], line["user"], line["status"]) == (None, None, 200)


def test_who_signs_in_stands_in_the_line_of_that_request(client, lines, applicant):
    applicant.set_password("peer-coaching-of-tests")
    applicant.save()
    client.post("/accounts/login/", {"login": applicant.email, "password": "peer-coaching-of-tests"})
    line = lines.of_requests()[-1]
    assert (line["status"], line["user"]) == (302, applicant.pk)
    assert not any(word in text for text in lines.text for word in personal(applicant))


@pytest.mark.parametrize("given", ["7b3f0c1e-2a4d", "A" * 64])
def test_the_id_that_the_proxy_gives_is_kept(client, lines, given):
    answer = client.get("/verify/", headers={"X-Request-ID": given})
    assert answer["X-Request-ID"] == given == lines.of_requests()[0]["request_id"]


@pytest.mark.parametrize(
    "given", ["", "short", "A" * 65, "ana@example.org", 'x", "status": 200', "a b c d e f g"]
)
def test_what_is_no_id_is_replaced(client, lines, given):
    answer = client.get("/verify/", headers={"X-Request-ID": given})
    assert answer["X-Request-ID"] != given
    assert re.fullmatch("[0-9a-f]{32}", lines.of_requests()[0]["request_id"])


def test_every_answer_has_an_id_also_one_that_was_refused(client, settings):
    for answer in (client.get("/", headers={"Host": "evil.example.org"}), client.get("/nothing/")):
        assert answer["X-Request-ID"]


def test_another_method_than_http_has_is_no_way_into_the_log(client, lines):
    client.generic("ANA-REYES", "/verify/")
    assert lines.of_requests()[0]["method"] == "…"


WITH_TOKENS = {
    "verify_code": [TOKEN],
    "calendar_file": [TOKEN],
    "account_reset_password_from_key": ["1", TOKEN],
    "mailbox_mail": [TOKEN],
}


@pytest.mark.parametrize("name", WITH_TOKENS)
def test_tokens_in_addresses_are_not_logged(client, lines, name):
    client.get(reverse(name, args=WITH_TOKENS[name]))
    assert lines.of_requests()[0]["route"] == name
    assert not any(TOKEN in text for text in lines.text)


def test_a_token_is_not_logged_where_the_page_breaks(client, lines, monkeypatch):
    def broken(code):
        raise ValueError(f"{code} is none")

    monkeypatch.setattr(verify.verifying, "by_code", broken)
    assert client.get(reverse("verify_code", args=[TOKEN])).status_code == 500
    broke = next(line for line in lines.objects if line["level"] == "ERROR")
    assert broke["exception"][0]["type"] == "ValueError"
    assert broke["exception"][0]["at"][-1].startswith("tests/site/test_logs.py:")
    assert broke["request_id"] == lines.of_requests()[0]["request_id"]
    assert not any(TOKEN in text for text in lines.text)


@pytest.mark.parametrize(
    "error",
    [
        lambda text: ValueError(text),
        lambda text: ValidationError({"comment": text}),
        lambda text: IntegrityError(f"duplicate key, DETAIL: Key (email)=({text}) already exists."),
        lambda text: ExceptionGroup(text, [KeyError(text)]),
    ],
)
def test_nothing_that_was_typed_is_logged_where_a_page_breaks(
    client, lines, monkeypatch, supervisor, applicant, cohort, error: Callable[[str], Exception]
):
    application = submitted(applicant, cohort)

    def broken(*, comment: str, **_):
        held_in_a_local = f"{comment} {applicant.name} {applicant.email}"
        try:
            raise LookupError(held_in_a_local)
        except LookupError as first:
            raise error(held_in_a_local) from first

    monkeypatch.setattr(workflow, "return_for_changes", broken)
    client.force_login(supervisor)
    sent = {"comment": COMMENT, "text_id": application.current_text_id}
    address = reverse("approval_return", args=[application.pk])
    assert client.post(address, sent, headers=FROM_HERE).status_code == 500
    told = "\n".join(lines.text)
    assert '"LookupError"' in told
    for word in (COMMENT, "Unified", *personal(applicant), *personal(supervisor)):
        assert word not in told


def test_a_part_of_what_is_due_that_breaks_is_told_without_its_words(lines, monkeypatch, applicant):
    def broken(now):
        raise ValueError(applicant.email)

    monkeypatch.setattr(due, "PARTS", (broken,))
    with pytest.raises(ValueError, match="@"):
        due.send_due(now=None)
    [line] = lines.objects
    assert (line["level"], line["message"]) == ("ERROR", "A part of what is due broke.")
    assert applicant.email not in lines.text[0]


@pytest.mark.parametrize(
    ("message", "arguments", "told"),
    [
        ("Sent %s in %d ms: %s", (COMMENT, 12, ValueError(COMMENT)), "Sent … in 12 ms: ValueError"),
        ("Hello %(name)s, %(count)d times", ({"name": "Ana", "count": 3},), "Hello …, 3 times"),
        ("This fits nothing: %d", ("Ana",), "This fits nothing: %d"),
        ({"name": "Ana"}, (), "dict"),
        ("Mail for <ana.reyes@example.org> waits", (), "Mail for <…> waits"),
    ],
)
def test_of_what_libraries_say_the_fixed_words_are_kept(message, arguments, told):
    record = logging.LogRecord("some.library", logging.WARNING, "", 1, message, arguments, None)
    assert json.loads(logs.JsonLines().format(record))["message"] == told


def test_no_error_is_mailed():
    """Django would send along what was typed."""
    named = [logging.getLogger(name) for name in logging.Logger.manager.loggerDict]
    handlers = {type(handler) for each in [logging.getLogger(), *named] for handler in each.handlers}
    assert AdminEmailHandler not in handlers


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_task_is_logged_under_the_request_that_asked_for_it(lines):
    app.control.purge()  # what other tests asked for
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        logging.getLogger().addHandler(lines)  # Celery's worker for tests takes all handlers away
        with logs.of_request("of-this-request"):
            run_job.apply_async((0,))
        run_job.apply_async((0,))
        told = wait_for(lambda: [line for line in lines.objects if line["message"] == "task"], 2)
    first, second = sorted(told, key=lambda line: line["request_id"] != "of-this-request")
    assert first["request_id"] == "of-this-request"
    assert (first["task"], first["state"]) == ("coaching.run_job", "SUCCESS")
    assert re.fullmatch("[0-9a-f]{32}", second["request_id"])
    assert logs.request_id() == ""


def wait_for(found: Callable[[], list], number: int) -> list:
    for _ in range(300):
        if len(found()) >= number:
            break
        threading.Event().wait(0.1)
    return found()
