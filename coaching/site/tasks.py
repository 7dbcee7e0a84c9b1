from celery import shared_task
from django.utils import timezone

from coaching.site import due


@shared_task(name="coaching.site.send_due", ignore_result=True)
def send_due() -> None:
    due.send_due(now=timezone.now())
