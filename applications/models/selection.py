"""Selection: what the branch office recommends, what the deputy chooses and, once released, has decided, and whom a free
seat is offered."""

from typing import Self

from django.db import models
from django.db.models import Q

from coaching.models import Cohort, SignedText, SignOff, User


class Outcome(models.TextChoices):
    ACCEPTED = "accepted", "Accepted"
    WAITLISTED = "waitlisted", "Waitlisted"
    NOT_SELECTED = "not_selected", "Not selected"


class Judged(models.Model):
    """An outcome, weighed against the three criteria (A10), with a reason wherever it is not what was hoped for."""

    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    interest_in_program = models.TextField("interest in the program")
    interest_in_leadership = models.TextField("demonstrated interest in leadership")
    division_project = models.TextField("the division project")
    reason = models.TextField(blank=True, help_text="The applicant reads it.")

    class Meta:
        abstract = True

    @staticmethod
    def constraints(name: str) -> list[models.CheckConstraint]:
        """Constraint names begin with the model's."""
        return [
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name=f"{name}_is_one_of_three"),
            models.CheckConstraint(  # A10
                condition=~Q(interest_in_program="")
                & ~Q(interest_in_leadership="")
                & ~Q(division_project=""),
                name=f"{name}_weighs_three_criteria",
            ),
            models.CheckConstraint(
                condition=Q(outcome=Outcome.ACCEPTED) | ~Q(reason=""), name=f"{name}_refusal_has_reason"
            ),
        ]


class Choice(Judged):
    """What the deciding office means to decide: not signed, told to nobody, and changed freely until it is released.

    One for each application; its release makes a Decision of it and takes it away.
    """

    application = models.OneToOneField("Application", models.CASCADE, related_name="choice")
    text = models.ForeignKey(SignedText, models.PROTECT, related_name="+", help_text="The text it judges.")
    # A3: as confirmed by who also signs as supervisor or director; empty: the applicant's date stands.
    concept_supervisor_date = models.DateField(null=True, blank=True)
    concept_director_date = models.DateField(null=True, blank=True)
    chosen_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, help_text="Goes up with every change.")

    class Meta:
        ordering = ("application__applicant__name", "pk")
        constraints = [*Judged.constraints("choice")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.application}"


class Release(models.Model):
    """One moment at which choices became decisions together. `digest` is that of the list that was read and signed."""

    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="releases")
    digest = models.CharField(max_length=64)
    released_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    released_at = models.DateTimeField()

    class Meta:
        ordering = ("released_at", "pk")
        constraints = [models.UniqueConstraint(fields=["cohort", "digest"], name="release_once_per_list")]

    def __str__(self) -> str:
        return f"{self.cohort}, {self.released_at:%B %-d, %Y}"


class Decision(Judged):
    """What the branch deputy decided, against the three criteria (A10); a waitlisted one may be accepted later."""

    Outcome = Outcome

    application = models.ForeignKey("Application", models.CASCADE, related_name="decisions")
    sign_off = models.ForeignKey(SignOff, models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    release = models.ForeignKey(Release, models.PROTECT, null=True, blank=True, related_name="decisions")

    class Meta:
        ordering = ("decided_at", "pk")
        constraints = [
            models.UniqueConstraint(fields=["application", "outcome"], name="decision_once_per_outcome"),
            models.UniqueConstraint(
                fields=["application"], condition=~Q(outcome="waitlisted"), name="decision_one_is_final"
            ),
            *Judged.constraints("decision"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.application}"


class Recommendation(models.Model):
    """The branch office's advice to the deciding office; applicants and other signers never see it."""

    application = models.OneToOneField("Application", models.CASCADE, related_name="recommendation")
    outcome = models.CharField(max_length=20, choices=Outcome.choices)
    sentence = models.CharField("why", max_length=500)
    recommended_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    recommended_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="recommendation_is_one_of_three"
            ),
            models.CheckConstraint(condition=~Q(sentence=""), name="recommendation_says_why"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.application}"


class SeatOfferQuerySet(models.QuerySet["SeatOffer"]):
    def standing(self) -> Self:
        """To which nobody has said no."""
        return self.exclude(answer=SeatOffer.Answer.NO)


class SeatOffer(models.Model):
    """Somebody on the waitlist was asked whether they still want a seat that became free."""

    class Answer(models.TextChoices):
        OPEN = "", "Not answered yet"
        YES = "yes", "Wants the seat"
        NO = "no", "Does not want it now"

    application = models.ForeignKey("Application", models.CASCADE, related_name="seat_offers")
    asked_date = models.DateField("asked on")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    answer = models.CharField(max_length=3, choices=Answer.choices, blank=True, default=Answer.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(  # who wrote it down
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="recorded by"
    )

    objects = SeatOfferQuerySet.as_manager()

    class Meta:
        ordering = ("asked_date", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["application"], condition=~Q(answer="no"), name="seatoffer_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None)
                | Q(answer__in=["yes", "no"], answered_at__isnull=False, answered_by__isnull=False),
                name="seatoffer_answered_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.get_answer_display()}"
