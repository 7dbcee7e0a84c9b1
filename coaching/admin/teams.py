"""Participants, their projects and teams: all of it is read here and written on the site."""

from typing import ClassVar

from django.contrib import admin

from coaching.admin.base import ReadOnlyAdmin, ReadOnlyInline
from coaching.models import (
    CompetencyRating,
    Consent,
    Goal,
    Membership,
    Participant,
    Team,
    TeamChange,
    TeamProposal,
)


class RatingInline(ReadOnlyInline):
    model = CompetencyRating


class MembershipInline(ReadOnlyInline):
    model = Membership


class ConsentInline(ReadOnlyInline):
    """The reason of an answer is for the branch office alone."""

    model = Consent
    fields = ("participant", "answer", "answered_at")


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("user", "cohort", "status", "division", "classification", "enrolled_at")
    list_filter = ("status", "cohort")
    list_select_related = ("user", "cohort", "division", "classification")
    search_fields = ("user__name", "user__email")
    inlines = (RatingInline, MembershipInline)


@admin.register(Goal)
class GoalAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("title", "participant")
    list_filter = ("participant__cohort", "participant__status")
    list_select_related = ("participant__user",)
    search_fields = ("title", "participant__user__name")


@admin.register(CompetencyRating)
class CompetencyRatingAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("participant", "competency", "rating")
    list_filter = ("rating", "competency")
    list_select_related = ("participant__user", "competency")
    search_fields = ("participant__user__name",)


@admin.register(Team)
class TeamAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("__str__", "cohort", "status", "confirmed_at", "confirmed_by")
    search_fields = ("cohort__name", "=number", "memberships__participant__user__name")
    list_filter = ("status", "cohort")
    list_select_related = ("cohort", "confirmed_by")
    exclude = ("bent_reason",)  # for the branch office alone
    inlines = (MembershipInline,)


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("participant", "team", "role", "joined_at", "ended_at")
    list_filter = ("team__cohort",)
    list_select_related = ("participant__user", "team")
    search_fields = ("participant__user__name",)


@admin.register(TeamProposal)
class TeamProposalAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("cohort", "status", "version", "created_by", "created_at", "published_at")
    search_fields = ("cohort__name", "created_by__name")
    list_filter = ("status", "cohort")
    list_select_related = ("cohort", "created_by")
    exclude = ("document", "alternative")  # whom the branch office keeps apart is its own alone


@admin.register(TeamChange)
class TeamChangeAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    list_display = ("team", "kind", "status", "answer_by", "created_by", "created_at", "settled_at")
    search_fields = ("team__cohort__name", "=team__number")
    list_filter = ("status", "kind", "team__cohort")
    list_select_related = ("team", "created_by")
    inlines = (ConsentInline,)


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin, admin.ModelAdmin):
    """The reason of an answer is for the branch office alone."""

    list_display = ("participant", "change", "answer", "answered_at")
    list_filter = ("answer", "change__team__cohort")
    list_select_related = ("participant__user", "change__team")
    search_fields = ("participant__user__name",)
    fields: ClassVar[tuple[str, ...]] = ("change", "participant", "answer", "answered_at")
