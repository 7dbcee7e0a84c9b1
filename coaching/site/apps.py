from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "coaching.site"
    label = "site"
    verbose_name = "Site"

    def ready(self) -> None:
        from coaching.site import mails  # noqa: PLC0415 (models are ready only now)

        mails.register()
