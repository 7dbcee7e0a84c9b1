"""The site with one page more: a bare list of 25 rows with one query, behind the same middleware and sign-in."""

from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from django.views.decorators.http import require_safe

from coaching.models import User
from coaching.permissions import access, signed_in
from coaching.site.urls import urlpatterns as site_urlpatterns

ROWS = 25
PAGE = engines["django"].from_string(
    "<!doctype html><html lang=en><title>People</title><h1>People</h1><ul>"
    "{% for person in people %}<li>{{ person.name }}, {{ person.email }}</li>{% endfor %}</ul></html>"
)


@access(signed_in)
@require_safe
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(PAGE.render({"people": User.objects.order_by("pk")[:ROWS]}, request))


urlpatterns = [*site_urlpatterns, path("bare/", bare)]
