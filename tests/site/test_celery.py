"""The pages publish their tasks to the broker of the settings, from whichever thread serves them."""

from threading import Thread

from coaching.tasks import run_job


def test_every_thread_publishes_to_our_broker(settings):
    seen = []
    thread = Thread(target=lambda: seen.append((run_job.app.main, run_job.app.conf.broker_url)))
    thread.start()
    thread.join()
    assert seen == [("coaching", settings.CELERY_BROKER_URL)]
    assert run_job.app.main == "coaching"
