"""A prepared query answers as the one it was made from, whoever is asked about and on whatever day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Exists, F, QuerySet, Value
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coaching import offices
from coaching.counting import NumberOf
from coaching.models import Delegation, OrgUnit, RoleAssignment, User
from coaching.offices import PreparedForOffices, PreparedForStandIns
from tests.clock import NOW, TODAY


def facts(user: User, on: date) -> QuerySet:
    held = RoleAssignment.objects.on(on).filter(user=user)
    behind = [order.principal_id for order in offices.standing(user, on=on).orders]
    given = Delegation.objects.on(on).filter(principal__in=[user.pk, *behind])
    return User.objects.filter(pk=user.pk).values("name", held=NumberOf(held), given=Exists(given))


@pytest.fixture
def prepared() -> PreparedForStandIns:
    return PreparedForStandIns(facts)


def same(prepared: PreparedForStandIns, user: User, on: date = TODAY) -> tuple:
    row = prepared.row(user, on=on)
    assert row == facts(user, on).get()
    return tuple(row.values())


@pytest.fixture
def order(director, supervisor) -> Delegation:
    return Delegation.objects.create(
        kind="delegate", principal=director, person=supervisor, reason="On leave.", start_date=TODAY,
        end_date=date(2026, 12, 31), recorded_by=director, recorded_at=NOW,
    )  # fmt: skip


def test_each_person_and_day_has_an_answer_of_its_own(prepared, branch_officer, outsider):
    assert same(prepared, branch_officer) == ("Bo Branchoffice", 1, False)
    assert same(prepared, outsider) == ("Otto Outsider", 0, False)
    assert same(prepared, branch_officer, date(2025, 12, 31)) == ("Bo Branchoffice", 0, False)


def test_who_stands_in_for_others_is_asked_about_with_their_orders(prepared, order, outsider):
    assert same(prepared, outsider)[2] == 0
    assert same(prepared, order.principal)[2] == 1
    assert same(prepared, order.person)[2] == 1


def test_rows_come_as_from_django_in_their_order(order, director, outsider):
    """Days, moments and truths too, which SQLite keeps as text and numbers."""

    def given(user: User, on: date) -> QuerySet:
        rows = Delegation.objects.on(on).filter(principal=user).order_by("-pk")
        return rows.values("start_date", "recorded_at", active=F("principal__is_active"))

    Delegation.objects.create(
        kind="delegate", principal=director, person=outsider, reason="On leave.", start_date=TODAY,
        end_date=TODAY, recorded_by=director, recorded_at=NOW + timedelta(days=1),
    )  # fmt: skip
    rows = PreparedForStandIns(given).rows(director, on=TODAY)
    assert rows == list(given(director, TODAY))
    assert [row["recorded_at"] for row in rows] == [NOW + timedelta(days=1), NOW]


def test_days_begin_where_it_is_asked(prepared, order):
    """An order that was ended late in the evening was ended on another day in Greenwich."""
    Delegation.objects.update(ended_at=datetime(2026, 11, 24, 7, tzinfo=UTC), ended_by=order.principal)
    assert same(prepared, order.principal)[2] == 0
    with timezone.override(UTC):
        assert same(prepared, order.principal)[2] == 1


def test_it_takes_one_query_besides_that_for_the_orders(prepared, outsider):
    with CaptureQueriesContext(connection) as captured:
        prepared.row(outsider, on=TODAY)
    assert len(captured) == 2


def held(user: User, on: date) -> QuerySet:
    led = [unit.pk for unit in offices.units_led_by(user, on=on)]
    return User.objects.filter(pk=user.pk).values(
        "name",
        served=NumberOf(OrgUnit.objects.under(*offices.office_branches(user, on=on))),
        led=NumberOf(OrgUnit.objects.filter(pk__in=led)),
        all_mail=Value(user.is_staff),
    )


class TestForOffices:
    @pytest.fixture
    def prepared(self):
        return PreparedForOffices(held)

    @pytest.mark.parametrize(
        "who", ["branch_officer", "deputy", "director", "training_officer", "administrator", "outsider"]
    )
    def test_it_answers_as_it_would_be_built_for_each(self, prepared, cast, who):
        user = getattr(cast, who, None) or getattr(cast.org, who)
        assert prepared.row(user, on=TODAY) == held(user, TODAY).get()

    def test_another_holder_of_the_same_office_needs_no_other_query(self, branch_officer, outsider, org):
        built = []
        prepared = PreparedForOffices(lambda user, on: built.append(user) or held(user, on))
        other = OrgUnit.objects.create(kind="branch", name="Another Branch", parent=org.department)
        RoleAssignment.objects.create(
            user=outsider, office="branch_office", unit=other, start_date=date(2026, 1, 1)
        )
        rows = [prepared.row(user, on=TODAY) for user in (branch_officer, outsider)]
        assert [row["name"] for row in rows] == ["Bo Branchoffice", "Otto Outsider"]
        assert rows[0]["served"] > rows[1]["served"] == 1
        assert len(built) == 1

    def test_who_stands_in_is_asked_about_with_their_orders(self, prepared, order):
        assert prepared.row(order.person, on=TODAY) == held(order.person, TODAY).get()
        assert prepared.row(order.person, on=TODAY)["led"] == 1


@pytest.mark.services
@pytest.mark.django_db
class TestOnPostgreSQL:
    def planned(self) -> list[tuple[str, int]]:
        """The queries of `facts` that this connection has planned, and how often each was asked."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"
                " WHERE statement LIKE '%%AS \"held\"%%'"
            )
            return cursor.fetchall()

    def test_a_query_is_planned_once_for_everybody_with_what_never_changes_in_it(self, prepared, cast):
        for user in (cast.org.director, cast.org.deputy, cast.outsider):
            same(prepared, user)
        [(statement, times)] = self.planned()
        assert times == 3
        assert "AT TIME ZONE 'America/Los_Angeles'" in statement
        assert "$" in statement

    def test_one_that_is_planned_for_each_person_is_not_kept(self, cast):
        prepared = PreparedForStandIns(facts, planned_once=False)
        for user in (cast.org.director, cast.outsider):
            same(prepared, user)
        assert self.planned() == []

    @pytest.mark.parametrize("planned_once", [True, False])
    def test_a_percent_sign_stays_one(self, outsider, planned_once):
        query = PreparedForStandIns(
            lambda user, on: User.objects.filter(pk=user.pk).values(text=Value("100 % s, %s")),
            planned_once=planned_once,
        )
        assert query.row(outsider, on=TODAY) == {"text": "100 % s, %s"}

    def test_queries_after_it_are_written_down_as_ever(self, prepared, outsider):
        with CaptureQueriesContext(connection) as captured:
            prepared.row(outsider, on=TODAY)
            User.objects.get(pk=outsider.pk)
        assert all(each["sql"] for each in captured)
        assert "$1" not in captured[-1]["sql"]
