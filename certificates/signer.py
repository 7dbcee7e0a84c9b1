"""What signs for a seal, by pyHanko: loaded where something is sealed, for that takes a while."""

import http.client
import urllib.request
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp
from asn1crypto.x509 import Certificate
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import Signer
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator.registry import SimpleCertificateStore

from certificates.seal_check import HASH, MOST_OF_A_SEAL, run_alone
from certificates.seal_keys import DoesNotSign, Key

PATIENCE = 15  # seconds, for a time-stamp server


class TimeStampServer(TimeStamper):
    """RFC 3161 over HTTP."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Raises OSError, also for an answer that is no time stamp."""
        try:
            token = await super().async_timestamp(message_digest, md_algorithm)
            token["content"].native  # noqa: B018 (read to its end, so that nothing in it breaks later)
        except (http.client.HTTPException, AttributeError, KeyError, TypeError, ValueError) as problem:
            raise TimestampRequestError(f"Not a time stamp: {type(problem).__name__}") from problem
        return token

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        kind = {"Content-Type": "application/timestamp-query"}
        request = urllib.request.Request(self._address, req.dump(), kind)  # noqa: S310 (the address is a setting)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            return tsp.TimeStampResp.load(answer.read(MOST_OF_A_SEAL), strict=True)


class KeptSigner(Signer):
    """Signs with a key that was loaded once."""

    def __init__(self, key: Key, chain: list[Certificate], time_stamp_server: str) -> None:
        store = SimpleCertificateStore()
        store.register_multiple(chain[1:])  # its own comes by itself
        super().__init__(signing_cert=chain[0], cert_registry=store, embed_roots=False)
        self._key = key
        self._time_stamper = TimeStampServer(time_stamp_server) if time_stamp_server else None

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(self._key.longest) if dry_run else self._key.sign(data)

    def over(self, digest: bytes, *, dry_run: bool = False) -> bytes:
        """The signature of a file. Raises DoesNotSign, and OSError where the server gave no time stamp."""
        return _made(
            self.async_sign(digest, HASH, use_pades=True, timestamper=self._time_stamper, dry_run=dry_run)
        )

    def around(self, content: bytes, *, now: datetime) -> bytes:
        """The content in a signature. Raises DoesNotSign."""
        return _made(
            self.async_sign_general_data(
                cms.ContentInfo({"content_type": "data", "content": content}),
                HASH,
                detached=False,
                use_cades=True,
                signed_attr_settings=PdfCMSSignedAttributes(signing_time=now),
            )
        )


def _made(making: Coroutine[Any, Any, cms.ContentInfo]) -> bytes:
    try:
        return run_alone(making).dump()
    except SigningError as problem:
        raise DoesNotSign from problem
