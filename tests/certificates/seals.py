"""Keys of seals that tests make for themselves."""

from cryptography.hazmat.primitives import serialization

from certificates import seal_keys
from certificates.sealing import Seal
from tests.clock import NOW


def made(name: str = "Department of Education", **changes) -> seal_keys.Material:
    return seal_keys.make(**{"name": name, "password": "of-tests", "years": 3, "now": NOW, **changes})


def new_seal(name: str = "Department of Education", **changes) -> Seal:
    """With a root of its own, also where the name is that of another."""
    material = made(name, **changes)
    key = serialization.load_pem_private_key(material.key, b"of-tests")
    return Seal(seal_keys.FileKey(key), material.chain)


def root_of(seal: Seal) -> bytes:
    begin = b"-----BEGIN CERTIFICATE-----"
    return begin + seal.chain_pem.rpartition(begin)[2]
