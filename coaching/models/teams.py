"""Participants, what they work on, and the teams they form."""

from collections.abc import Collection
from datetime import date
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from coaching.models.people import CareerTrack, JobClassification, OrgUnit, User
from coaching.models.programs import Cohort, Competency


class ParticipantQuerySet(models.QuerySet["Participant"]):
    def active(self) -> Self:
        return self.filter(status=Participant.Status.ACTIVE)

    def without_team(self, *, reopened: Collection[int] = ()) -> Self:
        """`reopened`: published teams that count as none, as long as they are not confirmed."""
        loose = Q(team__in=reopened, team__status=Team.Status.AWAITING_AGREEMENT)
        return self.exclude(memberships__in=Membership.objects.filter(ended_at=None).exclude(loose))


class Participant(models.Model):
    """A person's place in a cohort, with what the application said when they were enrolled."""

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        LEFT = "left", "Left"
        COMPLETED = "completed", "Completed"

    user = models.ForeignKey(User, models.PROTECT, related_name="participations")
    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="participants")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    division = models.ForeignKey(OrgUnit, models.PROTECT, null=True, blank=True, related_name="+")
    classification = models.ForeignKey(
        JobClassification, models.PROTECT, null=True, blank=True, related_name="+"
    )
    career_track = models.ForeignKey(CareerTrack, models.PROTECT, null=True, blank=True, related_name="+")
    role_aimed_for = models.CharField(max_length=200, blank=True)
    # T8: kept apart from them in teams.
    signers = models.ManyToManyField(User, blank=True, related_name="+")
    enrolled_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)
    left_reason = models.CharField(max_length=300, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    # M17: attendance is their team's and the branch office's; they alone let the training office have their hours.
    hours_passed_on_at = models.DateTimeField(null=True, blank=True, editable=False)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ParticipantQuerySet.as_manager()

    class Meta:
        ordering = ("user__name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "cohort"], condition=~Q(status="left"), name="participant_once_per_cohort"
            ),
            models.CheckConstraint(
                condition=Q(status="left", left_at__isnull=False) | (~Q(status="left") & Q(left_at=None)),
                name="participant_left_when_left",
            ),
            models.CheckConstraint(
                condition=Q(status="completed", completed_at__isnull=False)
                | (~Q(status="completed") & Q(completed_at=None)),
                name="participant_completed_when_completed",
            ),
        ]

    def __str__(self) -> str:
        return self.user.name

    # What `division_now` reads, so that many can be read at once.
    NOW = ("user__unit__parent__parent__parent", "division")

    @property
    def division_now(self) -> OrgUnit | None:
        """The division they were transferred to; None where it is the one of the start, or nothing is known of either."""
        now = self.user.division
        return now if now and self.division_id and now.pk != self.division_id else None


class CompetencyRating(models.Model):
    """Grow or glow, copied from the application at enrollment (A6)."""

    class Rating(models.TextChoices):
        GROW = "grow", "Grow"
        GLOW = "glow", "Glow"

    participant = models.ForeignKey(Participant, models.CASCADE, related_name="ratings")
    competency = models.ForeignKey(Competency, models.PROTECT)
    rating = models.CharField(max_length=4, choices=Rating.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "competency"], name="rating_once_per_competency")
        ]

    def __str__(self) -> str:
        return f"{self.get_rating_display()}: {self.competency}"


class Goal(models.Model):
    """The participant's division project, as it was approved (A2, A14)."""

    participant = models.OneToOneField(Participant, models.CASCADE, related_name="goal")
    title = models.CharField(max_length=200)
    description = models.TextField()
    expected_outcome = models.TextField()
    measure = models.TextField()
    competencies = models.ManyToManyField(Competency)

    def __str__(self) -> str:
        return self.title


class TeamProposal(models.Model):
    """A document: who could be with whom. Memberships exist once it is published."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        DISCARDED = "discarded", "Discarded"

    cohort = models.ForeignKey(Cohort, models.CASCADE, related_name="proposals")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.DRAFT)
    # {"teams": [[participant id, ..], ..], "pinned": [participant id, ..]}; everybody else of the cohort is in the pool.
    # "reopened": [team id, ..]: these end when the draft is published; until then their people can be moved.
    # "apart": [[participant id, participant id], ..]: the first declined a team with the second; the draft keeps them apart.
    # "result": in place of `result`, where another proposal was taken over.
    document = models.JSONField(default=dict)
    # The solver's answer, as coaching.formation gives it; empty when put together by hand.
    result = models.JSONField(default=dict, blank=True)
    # Another answer of the solver, around what is pinned, to be compared with the draft; empty when there is none.
    alternative = models.JSONField(default=dict, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    # Who made the version that stands, and how: for whoever comes too late with an older one. An undo is a version too.
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")
    changed_at = models.DateTimeField(null=True, editable=False)
    changed_words = models.CharField(max_length=500, default="", editable=False)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["cohort"], condition=Q(status="draft"), name="proposal_one_draft_per_cohort"
            )
        ]

    def __str__(self) -> str:
        return f"Proposal of {self.created_at:%B %-d, %Y} for {self.cohort}"

    @property
    def teams_drawn(self) -> list[list[int]]:
        """Participants by id, team for team."""
        return self.document.get("teams", [])

    @property
    def reopened(self) -> list[int]:
        """Published teams by id, whose people are in the draft."""
        return self.document.get("reopened", [])

    @property
    def apart(self) -> list[tuple[int, int]]:
        """Participants by id who are in different teams of this draft: one declined a team with the other."""
        return [(one, other) for one, other in self.document.get("apart", [])]

    @property
    def proposed(self) -> dict[str, Any]:
        """The solver's answer that the draft began with, or that was taken over last."""
        return self.document.get("result", self.result)


class Team(models.Model):
    class Status(models.TextChoices):
        AWAITING_AGREEMENT = "awaiting_agreement", "Awaiting agreement"
        CONFIRMED = "confirmed", "Confirmed"
        ENDED = "ended", "Ended"

    cohort = models.ForeignKey(Cohort, models.PROTECT, related_name="teams")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.AWAITING_AGREEMENT)
    proposal = models.ForeignKey(TeamProposal, models.PROTECT, null=True, blank=True, related_name="teams")
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    bent_reason = models.CharField(
        max_length=300,
        blank=True,
        help_text="Why the branch office bent a rule that only warns (T2, T3, T6).",
    )

    class Meta:
        ordering = ("cohort", "number")
        constraints = [
            models.UniqueConstraint(fields=["cohort", "number"], name="team_number_once_per_cohort"),
            models.CheckConstraint(
                condition=~Q(status="confirmed") | Q(confirmed_at__isnull=False),
                name="team_confirmed_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"Team {self.number}"

    @property
    def is_from_paper(self) -> bool:
        """Entered with the history of its cohort, and never proposed here."""
        return self.proposal_id is None


class Membership(models.Model):
    """One person, one team of a cohort at a time (T9)."""

    class Role(models.TextChoices):
        MEMBER = "member", "Member"

    team = models.ForeignKey(Team, models.PROTECT, related_name="memberships")
    participant = models.ForeignKey(Participant, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.MEMBER)
    joined_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("participant__user__name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=Q(ended_at=None), name="membership_one_team_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("joined_at")),
                name="membership_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} in {self.team}"


class TeamChange(models.Model):
    """A forming, joining or leaving that people are asked about (T4)."""

    class Kind(models.TextChoices):
        FORM = "form", "New team"
        # T1: how a team goes on that a departure left too small.
        GO_ON = "go_on", "Go on as it is"
        JOIN = "join", "Somebody joins"
        MERGE = "merge", "Two teams become one"

    class Status(models.TextChoices):
        OPEN = "open", "Waiting for answers"
        CONFIRMED = "confirmed", "Confirmed"
        CANCELLED = "cancelled", "Cancelled"

    team = models.ForeignKey(Team, models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FORM)
    # Who would come into the team; it is formed of its members, so a new one has none.
    joining = models.ManyToManyField(Participant, blank=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    # An answer after this day counts as long as the question is open; those settled long ago may have none.
    answer_by = models.DateField("to be answered by", null=True)
    date_moved_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(status="open") | Q(answer_by__isnull=False), name="teamchange_open_has_its_day"
            ),
            models.UniqueConstraint(
                fields=["team"], condition=Q(status="open"), name="teamchange_one_open_per_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.team}"

    def is_overdue(self, today: date) -> bool:
        return self.status == self.Status.OPEN and self.answer_by is not None and self.answer_by < today

    # What `words_for` reads, so that many can be read at once.
    SAID = ("joining__user", "joining__memberships__team")

    @property
    def leaving(self) -> list[str]:
        """The teams that stood and that those who join were in when they were asked."""
        places = [place for each in self.joining.all() for place in each.memberships.all()]
        teams = {place.team for place in places if self._is_left(place)}
        return [str(team) for team in sorted(teams, key=lambda team: team.number)]

    def _is_left(self, place: Membership) -> bool:
        there = place.joined_at <= self.created_at and (
            not place.ended_at or place.ended_at >= self.created_at
        )
        return there and place.team_id != self.team_id and place.team.confirmed_at is not None

    @property
    def words(self) -> str:
        """For whoever does not join."""
        return self.words_for(None)

    def words_for(self, reader: User | None) -> str:
        """What people agree to, as a sentence; a reader who joins is “You” in it."""
        names = [str(each) for each in self.joining.all() if each.user != reader]
        is_you = len(names) < len(self.joining.all())
        names = ["You", *names] if is_you else names
        who = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
        leave, join = ("leave", "join") if is_you or len(names) > 1 else ("leaves", "joins")
        if self.kind == self.Kind.GO_ON:
            return f"{self.team} goes on with the members it has."
        if self.kind == self.Kind.JOIN:
            left = " and ".join(self.leaving)
            return f"{who} {leave} {left} and {join} {self.team}." if left else f"{who} {join} {self.team}."
        if self.kind == self.Kind.MERGE:
            return f"{who} {join} {self.team}, and {' and '.join(self.leaving) or 'their own team'} ends."
        return f"{self.team} is formed."


class Consent(models.Model):
    """One member's answer; the reason is read by the branch office alone."""

    class Answer(models.TextChoices):
        PENDING = "pending", "Not answered yet"
        AGREED = "agreed", "Agreed"
        DECLINED = "declined", "Declined"

    change = models.ForeignKey(TeamChange, models.CASCADE, related_name="consents")
    participant = models.ForeignKey(Participant, models.CASCADE, related_name="consents")
    answer = models.CharField(max_length=10, choices=Answer.choices, default=Answer.PENDING)
    reason = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("participant__user__name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["change", "participant"], name="consent_once_per_change"),
            models.CheckConstraint(
                condition=Q(answer="pending", answered_at=None)
                | (~Q(answer="pending") & Q(answered_at__isnull=False)),
                name="consent_answered_is_dated",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant}: {self.get_answer_display()}"
