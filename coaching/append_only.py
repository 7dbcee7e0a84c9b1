"""Triggers that refuse to change or delete rows of the audit trail, on SQLite and PostgreSQL."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("coaching_auditevent", "coaching_auditlink")
OPERATIONS = ("update", "delete")


def create_triggers(connection: BaseDatabaseWrapper) -> None:
    """Install the triggers on all append-only tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "CREATE OR REPLACE FUNCTION coaching_refuse() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME USING ERRCODE = '23001'; END $$",
                [],
            )
        for table in TABLES:
            for operation in _operations(connection.vendor):
                cursor.execute(_create(connection.vendor, table, operation))


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Remove them, for a migration backwards and for tests that empty the tables."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for operation in _operations(connection.vendor):
                on_table = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{operation}{on_table}")


def _operations(vendor: str) -> tuple[str, ...]:
    """PostgreSQL can empty a table without deleting its rows one by one."""
    return (*OPERATIONS, "truncate") if vendor == "postgresql" else OPERATIONS


def _create(vendor: str, table: str, operation: str) -> str:
    head = f"CREATE TRIGGER {table}_no_{operation} BEFORE {operation.upper()} ON {table}"
    if vendor == "postgresql":
        each = "STATEMENT" if operation == "truncate" else "ROW"
        return f"{head} FOR EACH {each} EXECUTE FUNCTION coaching_refuse()"
    return f"{head} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
