"""Settings of the test runs: nothing from a developer's .env reaches a test."""

import os

import environ

os.environ.update(
    SECRET_KEY="only-for-tests-0123456789-abcdefghij-klmnopqrst-uvwxyz",
    NOTES_KEY="bm90ZXMta2V5LW9ubHktZm9yLXRlc3RzLTAxMjM0NTY=",
    EVALUATIONS_KEY="ZXZhbHVhdGlvbnMta2V5LW9ubHktZm9yLXRlc3QtMDE=",
    SECOND_FACTOR_KEY="c2Vjb25kLWZhY3Rvci1rZXktb25seS1mb3ItdGVzdHM=",
    SECOND_FACTOR_REQUIRED="False",  # its own tests turn it on
)
environ.Env.read_env = classmethod(lambda *_, **__: None)

from coaching.site.settings import *  # noqa: E402, F403 (the environment has to be ready first)
from coaching.site.settings import CACHES, DATABASES, MIDDLEWARE, REDIS_URL  # noqa: E402

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A pool's idle connections would keep a test database from being dropped.
DATABASES["default"]["OPTIONS"].pop("pool", None)
if not REDIS_URL:
    CELERY_BROKER_URL = "memory://"
    CELERY_BROKER_TRANSPORT_OPTIONS = {}
MIDDLEWARE = ["tests.browser.Documents", *MIDDLEWARE]
# Each test's client would look through all static files of the site.
WHITENOISE_AUTOREFRESH = True
# For tests that ask thousands of times as the same people.
CACHES["memory"] = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
