"""What is held, or of a team of which a legal order waits, is neither changed nor deleted, by members neither (M16)."""

from datetime import timedelta

import pytest

from coaching import holds
from coaching.models import Cohort, Participant
from coaching.site import records_due
from meetings import due, held, laying_out, notes, orders, project
from meetings.models import ProjectText
from tests import factories
from tests.clock import NOW, TODAY
from tests.meetings.test_orders import WHAT
from tests.site.runs import LATER

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


@pytest.fixture
def team(cohort, branch_officer):
    people = [factories.participant(cohort, factories.person(name)) for name in ("Ada", "Ben", "Chi")]
    return factories.confirmed_team(cohort, people, by=branch_officer)


@pytest.fixture
def ada(team) -> Participant:
    return team.memberships.order_by("pk")[0].participant


@pytest.fixture
def meeting(team):
    return laying_out.lay_out_meetings(team=team, by=None, now=NOW)[0]


@pytest.fixture(params=["hold", "silent order"])
def kept(request, team, ada, administrator, meeting):
    """A way to keep what the team writes, and to end it again."""

    def keep():
        if request.param == "hold":
            hold = holds.set_hold(person=ada.user, reason="A claim.", by=administrator, now=NOW)
            return lambda: holds.lift(hold=hold, reason="Settled.", by=administrator, now=NOW)
        order = orders.ask(team=team, **WHAT, silence="Section 4.", by=administrator, now=NOW)
        return lambda: orders.close(order=order, by=administrator, now=NOW)

    return keep


def test_members_change_and_delete_nothing_meanwhile(kept, team, ada, meeting):
    where, mine = {"meeting": meeting, "team": team}, {"by": ada.user, "now": NOW}
    note = notes.write(**where, kind="advice", about=ada, text="Begin small.", **mine)
    notes.save_update(**where, texts={"status": "Begun."}, **mine)
    action = {"owner": ada, "due_date": TODAY, "how": ""}
    item = notes.save_action(**where, **action, what="Call them.", **mine)
    acts = [
        lambda: notes.change(note=note, text="Begin big.", **mine),
        lambda: notes.delete(note=note, **mine),
        lambda: notes.save_update(**where, texts={"status": "Stopped."}, **mine),
        lambda: notes.save_update(**where, texts={}, **mine),
        lambda: notes.save_action(**where, **action, what="Write to them.", item=item, **mine),
        lambda: notes.delete_action(item=item, **mine),
    ]
    end = kept()
    for act in acts:
        with pytest.raises(held.IsKept) as refusal:
            act()
        assert not {"hold", "order", "court"} & set(str(refusal.value).lower().split())
    notes.change(note=note, text="Begin small.", **mine)  # the same again
    notes.set_done(item=item, done=True, **mine)
    new = notes.write(**where, kind="advice", about=ada, text="Or begin big.", **mine)
    end()
    notes.delete(note=new, **mine)
    for act in acts:
        act()
    assert not team.notes.exists()


def test_nor_do_they_what_they_wrote_of_their_projects(kept, ada):
    mine = {"participant": ada, "kind": "outcome", "by": ada.user, "now": NOW}
    row = project.save(**mine, text="Ten days.", audience="self")
    end = kept()
    with pytest.raises(held.IsKept):
        project.save(**mine, text="Twenty days.", audience="self", row=row)
    with pytest.raises(held.IsKept):
        project.delete(row=row, by=ada.user, now=NOW)
    assert project.save(**mine, text="Ten days.", audience="team", row=row).audience == "team"
    day = NOW + (notes.deleted_on(ada.cohort) - NOW.date()) + timedelta(days=1)
    due.do_due(now=day)
    assert ProjectText.objects.filter(pk=row.pk).exists()
    end()
    due.do_due(now=day)
    assert not ProjectText.objects.filter(pk=row.pk).exists()


def test_a_cohort_of_which_a_team_is_ordered_stays(team, administrator):
    """Whether or not its participants are erased already."""
    cohort, later = Cohort.objects.filter(pk=team.cohort_id), LATER.date()
    cohort.get().participants.update(erased_at=NOW)
    assert cohort.get() in records_due.cohorts(later)
    order = orders.ask(team=team, **WHAT, by=administrator, now=NOW)
    assert cohort.get() not in records_due.cohorts(later)
    orders.close(order=order, by=administrator, now=NOW)
    cohort.update(erased_at=NOW)
    with pytest.raises(orders.CannotAsk, match="nothing left to open"):
        orders.ask(team=team, **WHAT | {"number": "2"}, by=administrator, now=NOW)
