"""One row per key, and which one."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from headrace_shape.typed_rows import PART, RECORD, quoted

# A name that no column of a contract can have.
PLACE = "_headrace_place"


def count_losers(rows: DataFrame, spec):
    """How many rows a dedupe leaves out, counted apart from what is written: the balance must be able to fail."""
    if spec["dedupe"] is None:
        return 0
    keys = rows.groupBy(*map(quoted, spec["primaryKey"])).count()
    return keys.agg(F.coalesce(F.sum(F.col("count") - 1), F.lit(0)).alias("losers")).first()["losers"]


def deduplicated(rows: DataFrame, spec) -> DataFrame:
    """One row per key. The order is total: equal rows are told apart by where they stood in the source."""
    dedupe = spec["dedupe"]
    if dedupe is None:
        return rows
    last = dedupe["keep"] == "last"
    order = [*dedupe["orderBy"], *({"column": name, "direction": "asc", "nulls": "last"} for name in (PART, RECORD))]
    window = Window.partitionBy(*map(quoted, spec["primaryKey"])).orderBy(*(order_key(key, last) for key in order))
    return rows.withColumn(PLACE, F.row_number().over(window)).where(F.col(PLACE) == 1).drop(PLACE, PART, RECORD)


def order_key(key, reverse):
    """A sort key; reversed it puts the last first, NULLs included."""
    ascending = (key["direction"] == "asc") != reverse
    nulls_first = (key["nulls"] == "first") != reverse
    column = quoted(key["column"])
    if ascending:
        return column.asc_nulls_first() if nulls_first else column.asc_nulls_last()
    return column.desc_nulls_first() if nulls_first else column.desc_nulls_last()
