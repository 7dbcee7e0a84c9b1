"""Days and numbers as a sentence has them."""

from datetime import date


def long_date(day: date) -> str:
    """Wednesday, March 17, 2027."""
    return f"{day:%A, %B} {day.day}, {day.year}"


def counted(number: int, one: str, many: str) -> str:
    return f"1 {one}" if number == 1 else f"{number} {many}"
