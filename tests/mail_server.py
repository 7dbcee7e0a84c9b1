"""A mail server that breaks off wherever a test says."""

import email
import socket
from contextlib import suppress
from email.policy import default as default_policy
from threading import Thread

ANSWERS = {
    "EHLO": "250 ok",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "BODY": "250 taken",
    "QUIT": "221 bye",
}


class Server:
    """Speaks as much SMTP as it takes. `says` changes an answer; None breaks off, "" says nothing more."""

    def __init__(self) -> None:
        self.says: dict[str, str | None] = {}
        self.taken: list[bytes] = []
        self.rcpt: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)  # ends a waiting accept, which closing alone does not
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, connection.makefile("rb") as lines, suppress(OSError):
                    self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines) -> None:
        if not self._answer(connection, "HELLO", "220 ready"):
            return
        for line in lines:
            verb = line[:4].decode().upper()
            if verb == "RCPT":
                self.rcpt.append(line.decode().strip())
            if not self._answer(connection, verb, ANSWERS.get(verb, "250 ok")):
                return
            if verb == "DATA":
                self.taken.append(b"".join(iter(lambda: next(lines), b".\r\n")))
                if not self._answer(connection, "BODY", ANSWERS["BODY"]):
                    return
            if verb == "QUIT":
                return

    def _answer(self, connection: socket.socket, verb: str, usual: str) -> bool:
        answer = self.says.get(verb, usual)
        if answer is None:
            return False
        if answer == "":
            connection.recv(1)  # until the other side gives up
            return False
        connection.sendall(f"{answer}\r\n".encode())
        return True


def recipients(server: Server) -> list[str]:
    """Whose address each mail bears that it took, in order."""
    letters = (email.message_from_bytes(raw, policy=default_policy) for raw in server.taken)
    return [letter["To"].addresses[0].addr_spec for letter in letters]
