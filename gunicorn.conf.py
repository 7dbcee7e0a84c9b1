"""What gunicorn reads where it is started at the top of the project; its command line and WEB_CONCURRENCY win."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coaching.site import settings  # refuses wrong settings once, rather than in each process anew

bind = ["127.0.0.1:8000"]
threads = 4
worker_tmp_dir = "/dev/shm"  # noqa: S108 (a disk that is slow or full must not make a process look dead)
control_socket_disable = True
logconfig_dict = settings.LOGGING
