import os
import time
from datetime import datetime, timedelta

import time_machine
from django.apps import AppConfig

from tests.faults import checkpoints


class HooksConfig(AppConfig):
    name = "tests.faults.hooks"

    def ready(self) -> None:
        began, then = float(os.environ["FAULTS_BEGAN"]), datetime.fromisoformat(os.environ["FAULTS_NOW"])
        # The same clock in all processes, whenever they start; it goes on.
        time_machine.travel(then + timedelta(seconds=time.time() - began), tick=True).start()
        checkpoints.install()
