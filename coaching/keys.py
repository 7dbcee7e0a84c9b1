"""The keys of the environment, each for one kind of secret that lies in the database."""

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def from_environment(name: str) -> MultiFernet:
    """One key, or several separated by commas, the newest first (rotation)."""
    keys = [key.strip() for key in getattr(settings, name).split(",") if key.strip()]
    if not keys:
        raise ImproperlyConfigured(f"{name} is empty: what it encrypts cannot be kept without it.")
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys]
    )
