"""A text that somebody wrote in the program, as it is kept."""

from coaching.errors import Refused

LONGEST = 4000  # characters of one text


def clean(text: str, refusal: type[Refused]) -> str:
    """Raises the refusal where it is too long."""
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise refusal(f"That is {len(text):,} characters long. Shorten it to {LONGEST:,}.")
    return text
