"""The current state, by history; on a branch."""

from pyspark.sql import functions as F

from headrace_iceberg.commits import Changes, read_units
from headrace_iceberg.named_writer import named_writer
from headrace_iceberg.unit_rows import UNIT, is_newer, newest_per_key, unit_rows


def write_state(spark, store, bucket, table, since, changes: Changes, branch):
    """Gives how: `rebuild` writes the whole state, `append` and `merge` what is new, `nothing` that no row changed."""
    rows = lambda units: unit_rows(spark, store, bucket, table, read_units(store, bucket, table, changes, units))
    writer = lambda written: named_writer(written, branch.target, table, table["head"])
    mode = choose_mode(table, since, changes)
    if mode == "rebuild":
        writer(current_state(table, changes.standing, rows)).overwrite(F.lit(True))
        return mode
    if mode == "merge":
        merge(spark, table, newest_per_key(rows(changes.new), table), branch.target)
    elif mode == "append" and changes.gone:
        names = ", ".join(f"'{unit}'" for unit in changes.gone)
        spark.sql(f"DELETE FROM {branch.target} WHERE {UNIT} IN ({names})")
    # Of no rows as well: statements of SQL cannot name their snapshot, so the last one is of this writer.
    writer(rows(changes.new if mode == "append" else [])).append()
    return mode


def choose_mode(table, since, changes: Changes):
    if since is None:
        return "rebuild"
    if not changes.new and not changes.gone:
        return "nothing"
    if table["history"] == "append":
        return "append"
    # What was the newest may have left, and what comes up in its place is in older units.
    if table["history"] == "snapshot":
        return "rebuild" if changes.gone or newest(changes.standing)[0]["seq"] > since else "nothing"
    return "rebuild" if changes.gone else "merge"


def current_state(table, standing, rows):
    if table["history"] == "snapshot":
        return rows(newest(standing))
    return newest_per_key(rows(standing), table) if table["history"] == "changes" else rows(standing)


def newest(standing):
    """The units of the newest raw commit."""
    last = max((unit["ingestSeq"] for unit in standing), default=None)
    return [unit for unit in standing if unit["ingestSeq"] == last]


def merge(spark, table, rows, target):
    rows.createOrReplaceTempView("headrace_newer")
    same = " AND ".join(f"t.`{name}` <=> s.`{name}`" for name in table["primaryKey"])
    try:
        spark.sql(
            f"MERGE INTO {target} t USING headrace_newer s ON {same} "
            f"WHEN MATCHED AND {is_newer(table, 's', 't')} THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        )
    finally:
        spark.catalog.dropTempView("headrace_newer")
