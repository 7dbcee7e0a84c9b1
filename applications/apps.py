from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    name = "applications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Only once all models are loaded.
        from applications import conflicts, mails, reminder_mails
        from coaching import outbox, permissions

        for kind, build in (mails.BUILDERS | reminder_mails.BUILDERS).items():
            outbox.register(kind, build)
        permissions.register_conflict(conflicts.cohorts_applied_to)
