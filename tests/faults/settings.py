"""Settings of the web, worker and beat processes that tests of faults start: the site's own, from the environment alone."""

import os
from pathlib import Path

import environ

environ.Env.read_env = classmethod(lambda *_, **__: None)  # nothing from a developer's .env

from coaching.site.settings import *  # noqa: E402, F403 (the environment has to be ready first)
from coaching.site.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "tests.faults.hooks"]
CELERY_BEAT_SCHEDULE["send-due"]["schedule"] = 0.5  # a test does not wait for twenty seconds
EMAIL_TIMEOUT = 1
CELERY_BEAT_SCHEDULE_FILENAME = str(Path(os.environ["FAULTS"]) / "beat-schedule")
