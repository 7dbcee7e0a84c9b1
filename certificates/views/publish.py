"""What anybody may take along, to verify certificates without this site."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from certificates.models import SealCertificate, StatusList
from coaching.permissions import access, public

A_MINUTE = "public, max-age=60"
NONE_YET = "# No certificate was sealed yet.\n"


@access(public)
@require_safe
def roots(request: HttpRequest) -> HttpResponse:
    """The root of each seal that was ever used, the newest first; by name alone where it vouches for lost ones only."""
    by_root: dict[str, list[SealCertificate]] = {}
    for seal in SealCertificate.objects.order_by("first_used_at"):
        by_root.setdefault(seal.root_fingerprint, []).append(seal)
    parts = [_root_as_published(vouched_for) for vouched_for in reversed(by_root.values())]
    response = HttpResponse("\n".join(parts) or NONE_YET, content_type="application/x-pem-file")
    response["Cache-Control"] = A_MINUTE
    return response


def _root_as_published(seals: list[SealCertificate]) -> str:
    """Of the seals that it vouches for, the oldest first."""
    first, lost = seals[0], [seal for seal in seals if seal.lost_at]
    told = [f"# Root of the seal of the {first.owner}, in use since {localdate(first.first_used_at)}"]
    told.append(f"# SHA-256 {first.root_fingerprint}")
    if len(lost) == len(seals):
        return "\n".join(
            [*told, "# Left out: the key of each seal that it vouches for was lost to somebody else", ""]
        )
    told += [
        f"# Vouches for a lost seal too, which is not to be relied on: {seal.fingerprint}" for seal in lost
    ]
    return "\n".join([*told, first.root.decode()])


@access(public)
@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """Each seal with what vouches for it, that of the status list first; a lost one by name alone."""
    listed = StatusList.objects.defer("signed").first()
    kept = sorted(SealCertificate.objects.all(), key=lambda seal: not (listed and seal.pk == listed.seal_id))
    response = HttpResponse(
        "\n".join(_seal_as_published(seal) for seal in kept) or NONE_YET,
        content_type="application/x-pem-file",
    )
    response["Cache-Control"] = A_MINUTE
    return response


def _seal_as_published(seal: SealCertificate) -> str:
    name = f"# Seal of the {seal.owner}, in use since {localdate(seal.first_used_at)}"
    if seal.lost_at:
        name += f", lost to somebody else on {localdate(seal.lost_at)}"
    return f"{name}\n# SHA-256 {seal.fingerprint}\n{'' if seal.lost_at else seal.chain}"


@access(public)
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """The signed status list, of a key that was not lost; made by the worker, which alone has the key."""
    newest = StatusList.objects.filter(seal__lost_at=None).first()
    if newest is None:
        raise Http404
    response = HttpResponse(bytes(newest.signed), content_type="application/pkcs7-mime")
    response["Content-Disposition"] = 'attachment; filename="status.p7m"'
    response["Cache-Control"] = A_MINUTE
    return response
