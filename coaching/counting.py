"""Counts within another query, so that a page asks for all its numbers at once."""

from django.db.models import IntegerField, QuerySet, Subquery


class NumberOf(Subquery):
    """How many rows a query has, as a number in another query."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()
    empty_result_set_value = 0

    def __init__(self, rows: QuerySet) -> None:
        unordered = rows if rows.query.is_sliced else rows.order_by()
        super().__init__(unordered.values("pk"))
