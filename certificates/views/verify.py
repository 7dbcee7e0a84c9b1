"""The public pages that say whether a certificate stands."""

import hashlib
from typing import Any

from allauth.core import ratelimit
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from certificates import file_answers, verifying
from certificates.apart import Busy
from certificates.forms import CodeForm, FileForm
from certificates.models import StatusList
from coaching import typed
from coaching.permissions import access, public


class InMemory(MemoryFileUploadHandler):
    """Whatever its size, which was measured before: nothing of a stranger's file is written to a disk."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True


# Exempt, for an upload that changes nothing needs no token; and checking one would read the whole body first.
@access(public)
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """A code leads to its page; an uploaded file is looked at and forgotten."""
    if refusal := ratelimit.consume_or_429(request, action="verify_file"):
        return refusal
    if _sends_too_much(request):
        return _not_looked_at(
            request,
            "This file is larger than any certificate. Choose the PDF file you were given.",
            status=413,
        )
    code_form = CodeForm(request.GET if "code" in request.GET else None)
    if code_form.is_bound and code_form.is_valid():
        return redirect("verify_code", code=code_form.cleaned_data["code"])
    file_form = FileForm()
    if request.method == "POST":
        request.upload_handlers = [InMemory(request)]
        file_form = FileForm(request.POST, request.FILES)
        if file_form.is_valid():
            try:
                return _show_file(request, file_form.cleaned_data["file"])
            except Busy as refusal:
                return _not_looked_at(request, str(refusal), status=503)
    context = {"code_form": code_form, "file_form": file_form, "has_list": _has_list()}
    return render(request, "certificates/verify.html", context)


def _not_looked_at(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    context = {"code_form": CodeForm(), "file_form": FileForm(), "why": why, "has_list": _has_list()}
    return render(request, "certificates/verify.html", context, status=status)


def _has_list() -> bool:
    """The worker makes the first one some time after the start, and the next one after a key was lost."""
    return StatusList.objects.filter(seal__lost_at=None).exists()


def _sends_too_much(request: HttpRequest) -> bool:
    """More than a certificate and the form around it; known before a byte of it is read."""
    return typed.announced(request) > FileForm.MOST_BYTES + 10_000


@access(public)
@require_safe
def verify_code(request: HttpRequest, code: str) -> HttpResponse:
    return _show(request, verifying.by_code(code))


def _show(request: HttpRequest, verdict: verifying.Verdict) -> HttpResponse:
    context = {
        "verdict": verdict,
        "heading": verifying.heading(verdict),
        "sentence": verifying.in_words(verdict),
    }
    status = 200 if verdict.certificate else 404
    return _private(render(request, "certificates/verdict.html", context, status=status))


def _show_file(request: HttpRequest, pdf: bytes) -> HttpResponse:
    found = verifying.by_file(pdf)
    context = {
        "found": found,
        "heading": file_answers.heading(found),
        "lead": file_answers.lead(found),
        "answers": file_answers.answers(found),
        "digest": hashlib.sha256(pdf).hexdigest(),
    }
    status = 200 if found.verdict.certificate else 404
    return _private(render(request, "certificates/file_verdict.html", context, status=status))


@access(public)
@require_safe
def verify_json(request: HttpRequest, code: str) -> HttpResponse:
    verdict = verifying.by_code(code)
    return _private(JsonResponse(verdict.as_json(), status=200 if verdict.certificate else 404))


def _private(response: HttpResponse) -> HttpResponse:
    """The address is the secret: no search engine lists it, no cache keeps the answer."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
