"""Everything the program has about oneself, to take along."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from coaching.errors import Refused
from coaching.models import User
from coaching.permissions import access, confirmed_lately, post_only, signed_in
from coaching.site import own_export


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


def _page(request: HttpRequest) -> HttpResponse:
    return redirect("own_data")


@access(signed_in)
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    user, now = _user(request), timezone.now()
    job = own_export.last(user)
    runs = job is not None and job.finished_at is None
    context = {
        "job": job,
        "runs": runs,
        "export": own_export.ready(user, now=now),
        "days": own_export.KEPT.days,
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "own_data/_job.html", context) if runs else HttpResponseClientRefresh()
    return render(request, "own_data/page.html", context)


@access(signed_in)
@post_only(_page)
@confirmed_lately
def ask(request: HttpRequest) -> HttpResponse:
    own_export.ask(by=_user(request), now=timezone.now())
    return redirect("own_data")


@access(signed_in)
@post_only(_page)
@confirmed_lately
def take(request: HttpRequest) -> HttpResponse:
    try:
        content = own_export.take(by=_user(request), now=timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("own_data")
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="everything-about-me.zip"'
    response["Cache-Control"] = "private, no-store"
    return response
