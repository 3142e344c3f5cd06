"""One row per key, and which one."""

from contextlib import contextmanager

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from headrace_shape.typed_rows import PART, RECORD, quoted
from headrace_shape.uniqueness import count_repetitions, refuse_duplicates, repeated

# A name that no column of a contract can have.
PLACE = "_headrace_place"
# Up to so many losers every task is told which rows they are, keys included: some hundred bytes each.
MAX_TOLD = 200_000


@contextmanager
def one_per_key(rows: DataFrame, spec):
    """Gives the rows that stay, and how many a dedupe leaves out; without one a key that stands twice is refused."""
    key = spec["primaryKey"]
    if spec["dedupe"] is None:
        if key:
            refuse_duplicates(rows, key, "KEY", spec["dataset"])
        yield rows, 0
        return
    # Looked for once: in most runs they are few.
    groups = repeated(rows, key).persist()
    try:
        # Of the rows that were read, apart from those that are written: the balance must be able to fail.
        losers = count_repetitions(groups)
        yield winners(rows, groups, losers, spec).drop(PART, RECORD), losers
    finally:
        groups.unpersist()


def winners(rows: DataFrame, groups: DataFrame, losers, spec) -> DataFrame:
    """One row per key. Rows of keys that stand once need not meet, where the losers are few enough to tell them to every task."""
    if losers == 0:
        return rows
    if losers > MAX_TOLD:
        return ranked(rows, spec).where(F.col(PLACE) == 1).drop(PLACE)
    key = spec["primaryKey"]
    names = dict.fromkeys([*key, *(each["column"] for each in spec["dedupe"]["orderBy"]), PART, RECORD])
    narrow, keys = rows.select(*map(quoted, names)).alias("rows"), groups.select(*map(quoted, key)).alias("keys")
    same = [F.col(f"rows.`{name}`").eqNullSafe(F.col(f"keys.`{name}`")) for name in key]
    told = ranked(narrow.join(F.broadcast(keys), same, "left_semi"), spec).where(F.col(PLACE) > 1).select(PART, RECORD)
    return rows.join(F.broadcast(told), [PART, RECORD], "left_anti")


def ranked(rows: DataFrame, spec) -> DataFrame:
    """Each row with its place in its key. The order is total: equal rows are told apart by where they stood in the source."""
    last = spec["dedupe"]["keep"] == "last"
    order = [*spec["dedupe"]["orderBy"], *({"column": name, "direction": "asc", "nulls": "last"} for name in (PART, RECORD))]
    window = Window.partitionBy(*map(quoted, spec["primaryKey"])).orderBy(*(order_key(key, last) for key in order))
    return rows.withColumn(PLACE, F.row_number().over(window))


def order_key(key, reverse):
    """A sort key; reversed it puts the last first, NULLs included."""
    ascending = (key["direction"] == "asc") != reverse
    nulls_first = (key["nulls"] == "first") != reverse
    column = quoted(key["column"])
    if ascending:
        return column.asc_nulls_first() if nulls_first else column.asc_nulls_last()
    return column.desc_nulls_first() if nulls_first else column.desc_nulls_last()
