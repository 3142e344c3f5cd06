"""The table as the contract says: made where it is missing, widened by columns that were added, and else refused."""

from headrace_iceberg.named_writer import named_writer
from headrace_iceberg.unit_rows import ORIGIN
from headrace_shape.shape_error import ShapeError


def ensure_table(spark, table):
    name = table["table"]
    try:
        spark.sql(table["create"])
    except Exception:
        # Two runs may make it at the same time.
        if not spark.catalog.tableExists(name):
            raise
    there = {field.name: field.dataType.simpleString() for field in spark.table(name).schema.fields}
    wanted = {**{column["name"]: column["tableType"] for column in table["columns"]}, **dict(ORIGIN)}
    # A schema prints names of members without quotes.
    require_room(table, there, {column: kind.replace("`", "") for column, kind in wanted.items()})
    added = [f"`{column}` {kind}" for column, kind in wanted.items() if column not in there]
    if added:
        add_columns(spark, table, added)


def add_columns(spark, table, added):
    try:
        spark.sql(f"ALTER TABLE {table['table']} ADD COLUMNS ({', '.join(added)})")
    except Exception:
        # Another run may have added them.
        there = {field.name for field in spark.table(table["table"]).schema.fields}
        if not {column["name"] for column in table["columns"]} <= there:
            raise


def require_room(table, there, wanted):
    """Columns may be added. One that went, or has another type, is a decision about rows that are there."""
    query = table["table"].partition(".")[2].replace("`", "")
    gone = [column for column in there if column not in wanted]
    if gone:
        raise ShapeError(
            "ICEBERG_SCHEMA",
            f"{query} has columns that the contract does not have: {', '.join(gone)}. Fix: declare them again, or remove them with "
            f"ALTER TABLE {query} DROP COLUMN {gone[0]} and start the next attempt", dataset=table["dataset"], columns=gone,
        )
    other = [f"{column} is {there[column]}, the contract has {kind}" for column, kind in wanted.items() if column in there and there[column] != kind]
    if other:
        raise ShapeError(
            "ICEBERG_SCHEMA",
            f"{query} has columns of other types: {'; '.join(other)}. Fix: rerun the batches that have the old type, then DROP TABLE {query}: "
            "the next run makes it again from the log", dataset=table["dataset"], columns=other,
        )


def first_snapshot(spark, table):
    """An empty snapshot, so that every branch has one to begin at. 0 says that it holds no commit."""
    named_writer(spark.table(table["table"]).limit(0), table["table"], table, 0).append()
