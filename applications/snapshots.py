"""What a participant takes along from an accepted application."""

from applications.models import Application, Rating
from coaching.enrollment import Project, Snapshot
from coaching.models import Competency, User


def snapshot_of(application: Application) -> Snapshot:
    """What the participant takes along (A2, A6, F4), and who signed, whom teams keep apart (T8)."""
    person = application.applicant
    rated = list(application.ratings.select_related("competency"))
    project = Project(
        title=application.project_title,
        description=application.project_description,
        expected_outcome=application.project_outcome,
        measure=application.project_measure,
        competencies=tuple(application.project_competencies.all()),
    )
    return Snapshot(
        division=person.division,
        classification=person.classification,
        career_track=person.career_track,
        role_aimed_for=application.role_aimed_for,
        grow=_rated(rated, Rating.Kind.GROW),
        glow=_rated(rated, Rating.Kind.GLOW),
        project=project,
        signers=_signers(application),
    )


def _rated(ratings: list[Rating], kind: str) -> tuple[Competency, ...]:
    return tuple(rating.competency for rating in ratings if rating.rating == kind)


def _signers(application: Application) -> tuple[User, ...]:
    """Everybody whose name stands under the text, those included for whom another signed."""
    sign_offs = application.current_text.sign_offs.select_related("signer", "on_behalf_of")  # type: ignore[union-attr]
    people = [person for each in sign_offs for person in (each.signer, each.on_behalf_of) if person]
    return tuple({person.pk: person for person in people if person != application.applicant}.values())
