"""What of a signed text speaks to which of the three criteria (A10), so that applications can be read side by side.

Everything comes from the text that was signed: what an applicant is changing just now is theirs alone.
"""

from dataclasses import dataclass

from applications.text import Block, Section, sections

WHY, LEADERSHIP = "WHY I WANT TO TAKE PART", "LEADERSHIP"
COMPETENCIES, PROJECT = "COMPETENCIES", "DIVISION PROJECT"


@dataclass(frozen=True)
class Criterion:
    title: str
    passages: list[Block]


@dataclass(frozen=True)
class Passages:
    role: str
    project: str
    grow: list[str]
    glow: list[str]
    criteria: list[Criterion]


def passages_of(signed: str) -> Passages:
    """Taken from the canonical text by its sections."""
    found = {section.title: section for section in sections(signed)}
    why, leadership, competencies, project = (
        found.get(title, Section(title, [])) for title in (WHY, LEADERSHIP, COMPETENCIES, PROJECT)
    )
    return Passages(
        role=_first(leadership),
        project=_first(project),
        grow=_rated(competencies, "Grow"),
        glow=_rated(competencies, "Glow"),
        criteria=[
            Criterion("Interest in the program", why.blocks),
            Criterion("Demonstrated interest in leadership", [*leadership.blocks, *competencies.blocks]),
            Criterion("The division project", project.blocks),
        ],
    )


def _first(section: Section) -> str:
    return section.blocks[0].answer if section.blocks else ""


def _rated(competencies: Section, rating: str) -> list[str]:
    """The names, not their number: nothing on the board may be read as a score (M17)."""
    return [block.label.rstrip(":") for block in competencies.blocks if block.answer.split("\n")[0] == rating]
