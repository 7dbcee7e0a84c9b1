from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class SiteConfig(AppConfig):
    name = "coaching.site"
    label = "site"
    verbose_name = "Site"

    def ready(self) -> None:
        from coaching.site import celery, checks, mails, own_export, retention, second_factor  # noqa: F401 (checks register themselves)

        # For every thread: otherwise pages would publish their tasks to a broker that is not there.
        celery.app.set_default()
        mails.register()
        own_export.register()
        retention.register()
        second_factor.connect()


class AdministrationConfig(AdminConfig):
    default_site = "coaching.site.administration.Administration"

    def ready(self) -> None:
        super().ready()
        from allauth.account.models import EmailAddress, EmailConfirmation
        from allauth.mfa.models import Authenticator
        from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
        from django.contrib import admin
        from django.contrib.auth.models import Group

        # Rights come from offices, mail addresses from people: neither is kept a second time. The second step at sign-in
        # is taken away by an action on people, and added by nobody else.
        # Of single sign-on nothing is kept; it is set up by settings.
        signing_in = (EmailAddress, EmailConfirmation, Authenticator, SocialAccount, SocialApp, SocialToken)
        for model in (Group, *signing_in):
            if admin.site.is_registered(model):
                admin.site.unregister(model)
