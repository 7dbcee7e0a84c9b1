"""Many guesses at the same time, by as many processes of the web server: each of them is counted."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

GUESSES, ALLOWED = 12, 5

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def guess(email: str) -> bool:
    """Whether the password was looked at."""
    try:
        page = Client().post("/accounts/login/", {"login": email, "password": "wrong"})
        return "is not right" in page.content.decode()
    finally:
        connection.close()


def test_guesses_at_once_are_counted_one_by_one(applicant):
    cache.clear()
    with ThreadPoolExecutor(GUESSES) as threads:
        looked_at = list(threads.map(guess, [applicant.email] * GUESSES))
    assert 1 <= sum(looked_at) <= ALLOWED
