from celery import shared_task

from coaching import jobs


@shared_task(name="coaching.run_job", ignore_result=True)
def run_job(pk: int) -> None:
    jobs.run(pk)
