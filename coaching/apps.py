from django.apps import AppConfig


class CoachingConfig(AppConfig):
    name = "coaching"
    verbose_name = "People and programs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coaching import jobs, staff_uploads, team_jobs, team_mail

        team_mail.register()
        jobs.register(team_jobs.KIND, team_jobs.run)
        staff_uploads.register()
