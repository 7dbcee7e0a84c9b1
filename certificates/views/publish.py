"""What anybody may take along, to verify certificates without this site."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from certificates.models import SealCertificate, StatusList
from coaching.permissions import access, public

AN_HOUR = "public, max-age=3600"
A_MINUTE = "public, max-age=60"


@access(public)
@require_safe
def roots(request: HttpRequest) -> HttpResponse:
    """The root of each seal that was ever used, the newest first."""
    first: dict[str, SealCertificate] = {}
    for seal in SealCertificate.objects.order_by("first_used_at"):
        first.setdefault(seal.root_fingerprint, seal)
    parts = [
        f"# Root of the seal of the {seal.owner}, in use since {seal.first_used_at:%Y-%m-%d}\n"
        f"# SHA-256 {seal.root_fingerprint}\n".encode()
        + seal.root
        for seal in reversed(first.values())
    ]
    response = HttpResponse(
        b"\n".join(parts) or b"# No certificate was sealed yet.\n", content_type="application/x-pem-file"
    )
    response["Cache-Control"] = AN_HOUR
    return response


@access(public)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The signed status list; made by the worker, which alone has the key."""
    newest = StatusList.objects.first()
    if newest is None:
        raise Http404
    response = HttpResponse(bytes(newest.signed), content_type="application/pkcs7-mime")
    response["Content-Disposition"] = 'attachment; filename="status.p7m"'
    response["Cache-Control"] = A_MINUTE
    return response
