"""What was typed outlives the sign-in: a step that is sent without one comes back with every word of it.

The words travel from the form into the answer's own form, and nowhere else: not into a session, a cache or a log.
See docs/decisions/0008-what-was-typed-comes-back.md.
"""

import re

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers

from applications.answers import NAMES, SERVED, label
from applications.checks import Step
from coaching.errors import Refused

RATED = re.compile(r"(rating|sentence)_\d+")
CARRIED = ("seen", "then")  # beside the answers: which ones the writer had seen, and where the button leads


def typed(sent: QueryDict, step: str) -> list[tuple[str, str]]:
    """The answers of this step in what was sent, by the name of their field; choices of several come one by one."""
    return [
        (name, value) for name, values in sent.lists() if _is_answer(name, step) for value in values if value
    ]


def _is_answer(name: str, step: str) -> bool:
    if step == Step.COMPETENCIES:
        return bool(RATED.fullmatch(name))
    return name in NAMES.get(step, ())


def handed_back(request: HttpRequest) -> HttpResponse | None:
    """Nothing is saved: the answers of a step, and how to go on; None for anything else that was sent."""
    match = request.resolver_match
    if match is None or match.url_name != "application_step" or not typed(request.POST, match.kwargs["step"]):
        return None
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "_signed_out.html", {"address": request.path}, status=401)
    return page(request, match.kwargs["step"])


def page(
    request: HttpRequest, step: str, *, refusal: Refused | None = None, address: str = ""
) -> HttpResponse:
    """What was typed, to save once more; where it was refused for good, to copy."""
    answers = typed(request.POST, step)
    context = {
        "step": Step(step),
        "typed": answers,
        "shown": [(_label(name), value) for name, value in answers if name != SERVED],
        "carried": [(name, request.POST[name]) for name in CARRIED if name in request.POST],
        "address": address or request.path,
        "refusal": refusal,
    }
    response = render(request, "applications/step_kept.html", context, status=403)
    add_never_cache_headers(response)
    return response


def _label(name: str) -> str:
    if RATED.fullmatch(name):
        return "Your choice" if name.startswith("rating") else "A sentence on it"
    return label(name)
