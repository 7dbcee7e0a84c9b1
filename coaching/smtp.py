"""Django's backend for mail servers, which also knows whether a mail can have left when the line breaks."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class _Told:
    """Notes that the server was asked to take the text: nothing can have left before."""

    is_handing_over = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.is_handing_over = True
        return super().data(msg)  # type: ignore[misc]


class _Plain(_Told, smtplib.SMTP):
    pass


class _Encrypted(_Told, smtplib.SMTP_SSL):
    pass


class SmtpBackend(EmailBackend):
    """For one mail a connection."""

    connection: _Plain | _Encrypted | None

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _Encrypted if self.use_ssl else _Plain

    @property
    def can_have_left(self) -> bool:
        return bool(self.connection and self.connection.is_handing_over)
