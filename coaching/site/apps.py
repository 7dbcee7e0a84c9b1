from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    name = "coaching.site"
    label = "site"
    verbose_name = "Site"

    def ready(self) -> None:
        from coaching.site import celery, checks, mails  # noqa: F401 (checks register themselves)

        # For every thread: otherwise pages would publish their tasks to a broker that is not there.
        celery.app.set_default()
        mails.register()


class AdministrationConfig(AdminConfig):
    default_site = "coaching.site.administration.Administration"

    def ready(self) -> None:
        super().ready()
        from allauth.account.models import EmailAddress, EmailConfirmation
        from django.contrib import admin
        from django.contrib.auth.models import Group

        # Rights come from offices, mail addresses from people: neither is kept a second time.
        for model in (Group, EmailAddress, EmailConfirmation):
            if admin.site.is_registered(model):
                admin.site.unregister(model)
