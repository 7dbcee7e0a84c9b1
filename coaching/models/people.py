"""People, the organization they work in, and the offices they hold."""

from datetime import date
from typing import ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone


class JobClassification(models.Model):
    """A civil-service class; the program counts whether it is a management one (F4)."""

    name = models.CharField(max_length=120, unique=True)
    is_management = models.BooleanField("management classification", default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class CareerTrack(models.Model):
    name = models.CharField(max_length=120, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class OrgUnitQuerySet(models.QuerySet["OrgUnit"]):
    def under(self, *units: "OrgUnit") -> Self:
        """The units themselves and everything below them (the tree is at most four levels deep)."""
        ids = [unit.pk for unit in units]
        return self.filter(
            Q(pk__in=ids) | Q(parent__in=ids) | Q(parent__parent__in=ids) | Q(parent__parent__parent__in=ids)
        )

    def around(self, user: "User") -> Self:
        """The unit somebody belongs to and everything above it."""
        them = User.objects.filter(pk=user.pk)
        levels = ("unit", "unit__parent", "unit__parent__parent", "unit__parent__parent__parent")
        wanted = Q()
        for level in levels:
            wanted |= Q(pk__in=them.values(level))
        return self.filter(wanted)


class OrgUnit(models.Model):
    """One box of the organization chart: department, branch, division or unit, with the head of that office."""

    class Kind(models.TextChoices):
        DEPARTMENT = "department", "Department"
        BRANCH = "branch", "Branch"
        DIVISION = "division", "Division"
        UNIT = "unit", "Unit"

    HEAD_TITLES: ClassVar[dict[str, str]] = {
        Kind.DEPARTMENT: "State Superintendent of Public Instruction",
        Kind.BRANCH: "Branch Deputy",
        Kind.DIVISION: "Division Director",
        Kind.UNIT: "Unit Manager",
    }

    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    name = models.CharField(max_length=160)
    head = models.ForeignKey("coaching.User", models.PROTECT, null=True, blank=True, related_name="heads")

    objects = OrgUnitQuerySet.as_manager()

    class Meta:
        verbose_name = "organizational unit"
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["parent", "name"], name="orgunit_name_once_per_parent"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(parent=None), name="orgunit_name_once_at_the_top"
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="orgunit_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(kind="department", parent=None)
                | (~Q(kind="department") & Q(parent__isnull=False)),
                name="orgunit_only_departments_at_the_top",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        order = list(self.Kind.values)
        if self.parent and order.index(self.parent.kind) >= order.index(self.kind):
            raise ValidationError({"parent": "A unit stands below a larger kind of unit."})

    @property
    def head_title(self) -> str:
        return self.HEAD_TITLES[self.kind]

    def ancestor(self, kind: str) -> "OrgUnit | None":
        """This unit or the nearest one above it of the given kind."""
        unit: OrgUnit | None = self
        while unit is not None and unit.kind != kind:
            unit = unit.parent
        return unit


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person of the department; the mail address is the login."""

    email = models.EmailField("mail address", max_length=254, unique=True)
    name = models.CharField(max_length=200)
    classification = models.ForeignKey(
        JobClassification, models.PROTECT, null=True, blank=True, verbose_name="job classification"
    )
    career_track = models.ForeignKey(CareerTrack, models.PROTECT, null=True, blank=True)
    unit = models.ForeignKey(
        OrgUnit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name="organizational unit",
    )
    supervisor = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="supervises")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("administrator", default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    invited_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Nobody's any more: what is left of somebody whose records have reached the end of their term.
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Its mail address still says who is meant: in a staff file, at single sign-on, wherever a person is named by it.
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="merged_from"
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        ordering = ("name", "email")
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_in_lower_case"),
            models.CheckConstraint(condition=~Q(supervisor=F("id")), name="user_not_their_own_supervisor"),
            models.CheckConstraint(condition=~Q(name=""), name="user_has_a_name"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (Q(is_active=False) & ~Q(merged_into=F("id"))),
                name="user_merged_is_not_active",
            ),
        ]
        permissions = [("merge_people", "Can merge two accounts of one person")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.email = self.email.strip().lower()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split()[0]

    @property
    def accounts(self) -> "models.QuerySet[User]":
        """This one, and those that were merged into it: what was recorded with them stays recorded with them."""
        return User.objects.filter(Q(pk=self.pk) | Q(merged_into=self)).order_by("pk")

    @property
    def division(self) -> OrgUnit | None:
        return self.unit.ancestor(OrgUnit.Kind.DIVISION) if self.unit else None

    @property
    def branch(self) -> OrgUnit | None:
        return self.unit.ancestor(OrgUnit.Kind.BRANCH) if self.unit else None


class DatedQuerySet(models.QuerySet):
    def on(self, day: date) -> Self:
        """Those in force on that day."""
        return self.filter(Q(start_date__lte=day) & (Q(end_date=None) | Q(end_date__gte=day)))


class RoleAssignment(models.Model):
    """Who works in an office that has no unit of its own: the branch office, the training office."""

    class Office(models.TextChoices):
        BRANCH_OFFICE = "branch_office", "Branch office"
        TRAINING_OFFICE = "training_office", "Training office"

    user = models.ForeignKey(User, models.CASCADE, related_name="role_assignments")
    office = models.CharField(max_length=20, choices=Office.choices)
    unit = models.ForeignKey(
        OrgUnit, models.PROTECT, help_text="The branch or department this office serves."
    )
    start_date = models.DateField(default=date.today)
    end_date = models.DateField(null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "office", "unit"],
                condition=Q(end_date=None),
                name="roleassignment_once_while_it_lasts",
            ),
            models.CheckConstraint(
                condition=Q(end_date=None) | Q(end_date__gte=F("start_date")),
                name="roleassignment_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_office_display()} of {self.unit}"


class DelegationQuerySet(DatedQuerySet):
    def on(self, day: date) -> Self:
        """Those in force on that day; one that was ended early is out of force from that day on."""
        return super().on(day).filter(Q(ended_at=None) | Q(ended_at__date__gt=day))


class Delegation(models.Model):
    """A dated order by which one person signs for another, or acts in a vacant or absent post (A9).

    With a unit it covers the headship of that unit; without one, everything the principal signs.
    """

    class Kind(models.TextChoices):
        DELEGATE = "delegate", "Delegate"
        ACTING = "acting", "Acting"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    principal = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="delegations_given",
        help_text="Empty: the post is vacant.",
    )
    unit = models.ForeignKey(
        OrgUnit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="delegations",
        help_text="The post it covers.",
    )
    person = models.ForeignKey(User, models.PROTECT, related_name="delegations_held")
    reason = models.CharField(max_length=300)
    order_date = models.DateField(
        "date of the written order", null=True, blank=True, help_text="Where it rests on paper."
    )
    order_reference = models.CharField("reference of the written order", max_length=100, blank=True)
    start_date = models.DateField()
    end_date = models.DateField()
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, editable=False, related_name="+")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False)
    ended_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    ended_at = models.DateTimeField("ended early", null=True, blank=True, editable=False)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        ordering = ("-start_date", "pk")
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")), name="delegation_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(principal=None) | ~Q(principal=F("person")), name="delegation_not_to_oneself"
            ),
            models.CheckConstraint(
                condition=Q(principal__isnull=False) | Q(unit__isnull=False),
                name="delegation_names_a_post_or_principal",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="delegation_has_a_reason"),
            models.CheckConstraint(
                condition=Q(order_reference="") | Q(order_date__isnull=False),
                name="delegation_order_is_dated",
            ),
            models.CheckConstraint(
                condition=Q(principal__isnull=False) | Q(kind="acting"),
                name="delegation_vacant_post_is_acting",
            ),
        ]

    def __str__(self) -> str:
        for_whom = self.principal or (self.unit and self.unit.head_title)
        return f"{self.person} {'acting for' if self.kind == self.Kind.ACTING else 'for'} {for_whom}"

    @property
    def written_order(self) -> str:
        """In words; empty where no paper is behind it."""
        if self.order_date is None:
            return ""
        reference = f" ({self.order_reference})" if self.order_reference else ""
        return f"written order of {self.order_date:%B %-d, %Y}{reference}"

    def is_in_force(self, day: date) -> bool:
        """The same as DelegationQuerySet.on, of an order at hand."""
        ended = self.ended_at is not None and timezone.localdate(self.ended_at) <= day
        return self.start_date <= day <= self.end_date and not ended


class DirectoryCorrection(models.Model):
    """What a person says the directory has wrong about them; the branch office confirms or declines it."""

    class Field(models.TextChoices):
        NAME = "name", "Name"
        CLASSIFICATION = "classification", "Job classification"
        SUPERVISOR = "supervisor", "Supervisor"

    class Status(models.TextChoices):
        OPEN = "open", "Waiting for the branch office"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"

    user = models.ForeignKey(User, models.CASCADE, related_name="corrections")
    field = models.CharField(max_length=20, choices=Field.choices)
    says = models.CharField("should be", max_length=300)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)
    settled_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    class Meta:
        ordering = ("created_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "field"], condition=Q(status="open"), name="correction_one_open_per_field"
            ),
            models.CheckConstraint(
                condition=Q(status="open", settled_at=None)
                | (~Q(status="open") & Q(settled_at__isnull=False)),
                name="correction_settled_when_not_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_field_display()} should be {self.says}"

    @property
    def on_record(self) -> str:
        """What the directory says now, in words; empty where it says nothing."""
        value = getattr(self.user, self.field)
        return str(value) if value else ""
