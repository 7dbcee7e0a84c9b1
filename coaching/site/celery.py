import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coaching.site.settings")
app = Celery("coaching")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
