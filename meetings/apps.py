from django.apps import AppConfig
from django.core import checks


class MeetingsConfig(AppConfig):
    name = "meetings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from meetings import mail, visit_mail
        from meetings.checks import keys_are_there

        checks.register(keys_are_there)
        mail.register()
        visit_mail.register()
