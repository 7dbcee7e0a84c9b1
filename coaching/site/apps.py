from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "coaching.site"
    label = "site"
    verbose_name = "Site"
