"""Which constraint of the database refuses a change."""

import re
from collections.abc import Callable

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import BaseConstraint, Model


def refused_by(change: Callable[..., object], *args: object, **values: object) -> str:
    """Try a change past the write functions: the name of the constraint that refuses it, "" where nothing does.

    A field that is unique by itself is named table.column.
    """
    try:
        with transaction.atomic():
            change(*args, **values)
    except IntegrityError as refusal:
        return _name(refusal)
    return ""


def _name(refusal: IntegrityError) -> str:
    diagnosis = getattr(refusal.__cause__, "diag", None)
    if diagnosis is None:  # SQLite names a check by its name, a unique constraint by its columns or its index
        kind, _, said = str(refusal).partition(" constraint failed: ")
        return (
            _of_columns(said) if kind == "UNIQUE" and "." in said else said.removeprefix("index ").strip("'")
        )
    name: str = diagnosis.constraint_name
    if any(constraint.name == name for _, constraint in _constraints()):
        return name
    columns = re.search(r"Key \((.+?)\)=", diagnosis.message_detail or "")
    return ", ".join(f"{diagnosis.table_name}.{each}" for each in columns[1].split(", ")) if columns else name


def _of_columns(columns: str) -> str:
    for model, constraint in _constraints():
        fields = map(model._meta.get_field, getattr(constraint, "fields", ()))
        if columns == ", ".join(f"{model._meta.db_table}.{field.column}" for field in fields):
            return constraint.name
    return columns


def _constraints() -> list[tuple[type[Model], BaseConstraint]]:
    return [(model, each) for model in apps.get_models() for each in model._meta.constraints]
