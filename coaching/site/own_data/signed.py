"""The exact texts that were signed."""

from django.db.models import QuerySet

from coaching.models import SignedText
from coaching.site.own_data.chapter import Chapter, day


def signed(chapter: Chapter, texts: QuerySet[SignedText]) -> None:
    """The exact texts, with who signed each, and the scans of what is on paper."""
    for text in texts:
        signatures = text.sign_offs.select_related("signer", "on_behalf_of", "scan")
        chapter.text(f"Text of {day(text.created_at)} (SHA-256 {text.digest})", text.text)
        chapter.table(
            f"Signatures under the text of {day(text.created_at)}",
            ("Who", "As", "For", "When", "On paper"),
            [
                (
                    *(each.typed_name, each.capacity, each.on_behalf_of or ""),
                    *(day(each.signed_at), "Yes" if each.on_paper else ""),
                )
                for each in signatures
            ],
        )
        for scan in {each.scan for each in signatures if each.scan}:
            ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[scan.kind]
            chapter.files.append((f"scan-{scan.pk}.{ending}", bytes(scan.content)))
