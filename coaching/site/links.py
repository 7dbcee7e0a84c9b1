"""What the links to a new password rest on; it stands alone, for the sign-in library reads it before all else."""

from typing import Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator


class LinkTokens(PasswordResetTokenGenerator):
    def check_token(self, user: Any, token: str | None) -> bool:
        """Links of whoever left open nothing, nor does a form that is open already."""
        return bool(user and user.is_active) and super().check_token(user, token)
