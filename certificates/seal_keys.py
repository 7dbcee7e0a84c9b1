"""Where the key of the seal lies: an encrypted PEM file, or a token that keeps it to itself (PKCS#11)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from coaching.errors import Refused

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
CURVE = ec.SECP256R1()
YEAR = timedelta(days=366)


class NoSealKey(Refused):
    pass


class DoesNotSign(Exception):
    """The key was there, and is so no longer."""


class Key(Protocol):
    """`longest`: bytes that a signature takes at most."""

    @property
    def longest(self) -> int: ...

    def sign(self, data: bytes) -> bytes:
        """By SHA-256, as the Cryptographic Message Syntax writes it. Raises DoesNotSign."""


@dataclass(frozen=True)
class FileKey:
    key: Private

    @property
    def longest(self) -> int:
        return 72 if isinstance(self.key, ec.EllipticCurvePrivateKey) else self.key.key_size // 8

    def sign(self, data: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(data, ec.ECDSA(hashes.SHA256()))
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def load_file(path: Path, password: str) -> FileKey:
    """Raises NoSealKey, which says what to do."""
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password.encode())
    except OSError as problem:
        raise NoSealKey(
            f"The key of the seal cannot be read: {problem.strerror}. Look at SEAL_KEY."
        ) from problem
    except (TypeError, ValueError) as problem:
        raise NoSealKey(
            "The key of the seal does not open. It is an encrypted PEM file; SEAL_KEY_PASSWORD opens it."
        ) from problem
    if not isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
        raise NoSealKey("The key of the seal is neither of elliptic curves nor of RSA.")
    return FileKey(key)


class TokenKey:
    """A private key that never leaves its token; one session of this process. Elliptic curves only."""

    longest = 72

    def __init__(self, open_session: Callable[[], Any], label: str) -> None:
        self._open_session, self._label = open_session, label
        self._open()

    def sign(self, data: bytes) -> bytes:
        import pkcs11  # noqa: PLC0415 (needed by few)

        try:
            return self._signed(data)
        except (
            pkcs11.PKCS11Error
        ):  # the token was taken out, or its service began anew, and the session is gone
            try:
                self._open()
                return self._signed(data)
            except pkcs11.PKCS11Error as problem:
                raise DoesNotSign(type(problem).__name__) from problem

    def _open(self) -> None:
        import pkcs11  # noqa: PLC0415

        private = pkcs11.ObjectClass.PRIVATE_KEY
        self._key = self._open_session().get_key(object_class=private, label=self._label)

    def _signed(self, data: bytes) -> bytes:
        import pkcs11  # noqa: PLC0415
        from pkcs11.util.ec import encode_ecdsa_signature  # noqa: PLC0415

        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        return encode_ecdsa_signature(self._key.sign(digest.finalize(), mechanism=pkcs11.Mechanism.ECDSA))


def load_token(module: str, token: str, pin: str, label: str) -> TokenKey:
    """Raises NoSealKey, which says what to do."""
    import pkcs11  # noqa: PLC0415

    try:
        return TokenKey(lambda: pkcs11.lib(module).get_token(token_label=token).open(user_pin=pin), label)
    except pkcs11.PKCS11Error as problem:
        raise NoSealKey(
            f"The token with the key of the seal does not open ({type(problem).__name__}). Look at the settings "
            "SEAL_TOKEN_MODULE, SEAL_TOKEN, SEAL_TOKEN_PIN and SEAL_TOKEN_KEY."
        ) from problem


def belongs(key: Key, certificate: x509.Certificate) -> bool:
    """Whether the certificate is about this key: proved by a signature, as a token shows nothing else of it.
    Raises DoesNotSign."""
    public, tried = certificate.public_key(), b"Is it you?"
    signature = key.sign(tried)
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, tried, ec.ECDSA(hashes.SHA256()))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, tried, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class Material:
    """Encrypted key, and certificate of the seal followed by its root, as PEM."""

    key: bytes
    chain: bytes


def make(*, name: str, password: str, years: int, now: datetime, key: Private | None = None) -> Material:
    """A key with a root of its own, for trying: the root's key is thrown away, so that it vouches for nothing else.

    Both are valid from a year before, as demo certificates are older than the key.
    """
    root_key, key = ec.generate_private_key(CURVE), key or ec.generate_private_key(CURVE)
    from_, until = now.astimezone(UTC) - YEAR, now.astimezone(UTC) + YEAR * years
    root_name, seal_name = _named(name, f"Root of the seal, {now:%Y}"), _named(name, f"Seal, {now:%Y}")
    root = (
        _certificate(root_name, root_name, root_key, from_, until + YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    seal = (
        _certificate(seal_name, root_name, key, from_, until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature", "content_commitment"), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
        )
        .sign(root_key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(password.encode())
    return Material(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption),
        b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (seal, root)),
    )


def _named(organization: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: Private, from_: datetime, until: datetime
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(from_)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*purposes: str) -> x509.KeyUsage:
    possible = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{each: each in purposes for each in possible})
