"""The settings say what is missing instead of breaking on it."""

import os
import subprocess
import sys

from django.conf import settings


def test_without_a_secret_key_it_is_said_what_to_do():
    run = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "SECRET_KEY": "", "DJANGO_SETTINGS_MODULE": "coaching.site.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("SECRET_KEY is not set. script/bootstrap writes .env")
    assert "Traceback" not in run.stderr
