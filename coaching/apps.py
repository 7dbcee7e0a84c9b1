from django.apps import AppConfig


class CoachingConfig(AppConfig):
    name = "coaching"
    verbose_name = "People and programs"
    default_auto_field = "django.db.models.BigAutoField"
