"""Every address of the site; what somebody may not see answers 404."""

from allauth.mfa.urls import urlpatterns as second_factor_patterns
from allauth.urls import urlpatterns as sign_in
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from coaching.site import (
    accounts,
    alumni,
    guides,
    home,
    mailbox,
    safeguards,
    second_factor,
    single_sign_on,
    undelivered,
)

handler429 = "coaching.site.accounts.too_many"
handler500 = "coaching.site.unavailable.server_error"
second_factor.take_over(second_factor_patterns)  # they are among allauth.urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("", include("coaching.site.cohort_urls")),
    path("", include("applications.urls")),
    path("", include("meetings.urls")),
    path("", include("certificates.urls")),
    path("alumni/", alumni.index, name="alumni"),
    path("alumni/mine/", alumni.own, name="alumni_own"),
    path("alumni/mine/end/", alumni.withdraw, name="alumni_withdraw"),
    path("reports/", include("coaching.site.reports.urls")),
    path("people/", include("coaching.site.people_urls")),
    path("safeguards/", safeguards.show, name="safeguards"),
    path("help/", guides.index, name="help"),
    *(
        path(f"help/{each.name}/", guides.show, {"guide": each}, name=f"help_{each.name}")
        for each in guides.GUIDES
    ),
    path("records/", include("coaching.site.records_urls")),
    path("accounts/email/", accounts.not_offered, name="account_email"),
    path("accounts/confirm-email/", accounts.not_offered, name="account_email_verification_sent"),
    path("accounts/confirm-email/<str:key>/", accounts.not_offered, name="account_confirm_email"),
    path("accounts/3rdparty/", accounts.not_offered, name="socialaccount_connections"),
    path("accounts/3rdparty/signup/", accounts.not_offered, name="socialaccount_signup"),
    path("accounts/oidc/<str:provider_id>/login/", single_sign_on.start, name="openid_connect_login"),
    path(
        "accounts/oidc/<str:provider_id>/login/callback/", single_sign_on.back, name="openid_connect_callback"
    ),
    # Without the addresses that only lead on from those of earlier versions.
    path("accounts/", include([each for each in sign_in if isinstance(each, URLResolver) or each.name])),
    path("mail/", mailbox.index, name="mailbox"),
    path("mail/undelivered/", undelivered.index, name="undelivered"),
    path("mail/undelivered/again/", undelivered.all_again, name="undelivered_all_again"),
    path("mail/undelivered/<int:pk>/again/", undelivered.again, name="undelivered_again"),
    path("mail/undelivered/<int:pk>/settled/", undelivered.settled, name="undelivered_settled"),
    path("mail/<str:name>/", mailbox.show, name="mailbox_mail"),
    path("mail/<str:name>/html/", mailbox.show_html, name="mailbox_html"),
    path("admin/", admin.site.urls),
]
