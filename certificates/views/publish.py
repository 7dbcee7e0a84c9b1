"""What anybody may take along, to verify certificates without this site."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from certificates.models import SealCertificate, StatusList
from coaching.permissions import access, public

AN_HOUR = "public, max-age=3600"
A_MINUTE = "public, max-age=60"
NONE_YET = "# No certificate was sealed yet.\n"


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
    response = HttpResponse(b"\n".join(parts) or NONE_YET, content_type="application/x-pem-file")
    response["Cache-Control"] = AN_HOUR
    return response


@access(public)
@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """Each seal with what vouches for it, that of the status list first; a lost one by name alone."""
    listed = StatusList.objects.defer("signed").first()
    kept = sorted(SealCertificate.objects.all(), key=lambda seal: not (listed and seal.pk == listed.seal_id))
    response = HttpResponse(
        "\n".join(_as_published(seal) for seal in kept) or NONE_YET, content_type="application/x-pem-file"
    )
    response["Cache-Control"] = A_MINUTE
    return response


def _as_published(seal: SealCertificate) -> str:
    name = f"# Seal of the {seal.owner}, in use since {seal.first_used_at:%Y-%m-%d}"
    if seal.lost_at:
        name += f", lost to somebody else on {seal.lost_at:%Y-%m-%d}"
    return f"{name}\n# SHA-256 {seal.fingerprint}\n{'' if seal.lost_at else seal.chain}"


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
