from django.apps import AppConfig
from django.db.backends.signals import connection_created


class CoachingConfig(AppConfig):
    name = "coaching"
    verbose_name = "People and programs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coaching import jobs, letter_case, staff_uploads, team_jobs, team_mail

        connection_created.connect(letter_case.teach)
        team_mail.register()
        jobs.register(team_jobs.KIND, team_jobs.run)
        staff_uploads.register()
