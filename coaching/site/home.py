"""The first page after signing in."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from coaching.permissions import access, signed_in


@access(signed_in)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "site/home.html")
