"""Keys of seals that tests make for themselves."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from certificates import seal_keys
from certificates.sealing import Seal
from tests.clock import NOW


def made(name: str = "Department of Education", **changes) -> seal_keys.Material:
    return seal_keys.make(**{"name": name, "password": "of-tests", "years": 3, "now": NOW, **changes})


def new_seal(name: str = "Department of Education", **changes) -> Seal:
    """With a root of its own, also where the name is that of another."""
    material = made(name, **changes)
    key = serialization.load_pem_private_key(material.key, b"of-tests")
    assert isinstance(key, seal_keys.Private)
    return Seal(seal_keys.FileKey(key), material.chain)


def root_of(seal: Seal) -> bytes:
    begin = b"-----BEGIN CERTIFICATE-----"
    return begin + seal.chain_pem.rpartition(begin)[2]


def put_in_place(seal: Seal, *, settings: Any, folder: Path, chain: bytes = b"") -> None:
    """The settings name this seal. `chain`: its certificates, where they are to be others."""
    assert isinstance(seal.key, seal_keys.FileKey)
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    closed = serialization.BestAvailableEncryption(b"of-tests")
    (folder / "key.pem").write_bytes(seal.key.key.private_bytes(pem, form, closed))
    (folder / "seal.pem").write_bytes(chain or seal.chain_pem)
    settings.SEAL_CERTIFICATE, settings.SEAL_KEY = str(folder / "seal.pem"), str(folder / "key.pem")
    settings.SEAL_KEY_PASSWORD = "of-tests"


class Authority:
    """That of a whole department: it has certified more than the seal."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string("O=Department of Education,CN=Authority")
        made = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.root = made.public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(NOW - timedelta(days=1000))
            .not_valid_after(NOW + timedelta(days=1000))
        )

    def seal(
        self,
        *names: str,
        purpose: x509.ObjectIdentifier | None = None,
        usage: tuple[str, ...] = ("digital_signature", "content_commitment"),
    ) -> Seal:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name) for name in names])
        builder = self._builder(subject, key).add_extension(seal_keys._usage(*usage), critical=True)
        if purpose:
            builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        made = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        return Seal(seal_keys.FileKey(key), made + self.root)
