from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Only once all models are loaded.
        from applications import mails, reminder_mails
        from applications.models import Application
        from coaching import outbox, permissions

        for kind, build in (mails.BUILDERS | reminder_mails.BUILDERS).items():
            outbox.register(kind, build)
        # T10: a draft counts, too; what was withdrawn does not.
        permissions.register_conflict(permissions.Conflicts(Application.objects.standing, "applicant"))
