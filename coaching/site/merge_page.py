"""The page on which an administrator merges two accounts of one person: what would move is read before anything does."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from coaching.errors import Refused
from coaching.forms import helper
from coaching.models import User
from coaching.permissions import access, confirmed_lately, user_of
from coaching.site import merging
from coaching.site.directory_forms import ReasonForm


class OtherForm(forms.Form):
    """The account that ends, by its mail address: two accounts of one person often have one name."""

    other = forms.EmailField(label="Mail address of the account that ends")

    def __init__(self, *args: Any, keep: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep = keep
        self.helper = helper("other", token=False)

    def clean_other(self) -> User:
        found = (
            User.objects.select_related("supervisor").filter(email=self.cleaned_data["other"].lower()).first()
        )
        if found is None:
            raise forms.ValidationError("Nobody on record has this mail address. Check the spelling.")
        if found == self.keep:
            raise forms.ValidationError("This is the account that stays. Name the other one.")
        return found


@access(merging.may_merge)
@confirmed_lately
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    keep, now = get_object_or_404(User.objects.select_related("supervisor"), pk=pk), timezone.now()
    asked = request.GET if request.GET.get("other") else None
    form, reason = OtherForm(asked, keep=keep), ReasonForm(request.POST or None)
    context: dict[str, Any] = {"person": keep, "form": form, "reason": reason}
    if not form.is_valid():
        return render(request, "people/merge.html", context)
    drop = form.cleaned_data["other"]
    if reason.is_valid():
        try:
            by = user_of(request)
            merging.merge(keep=keep, drop=drop, reason=reason.cleaned_data["reason"], by=by, now=now)
        except Refused as refusal:
            reason.add_error(None, str(refusal))
        else:
            messages.success(request, f"The account {drop.email} was merged into this one.")
            return redirect("person", pk)
    context["plan"] = merging.plan(keep, drop, now=now)
    return render(request, "people/merge.html", context)
