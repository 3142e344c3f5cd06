"""The rows of units, with what tells where each came from and how new it is."""

import re

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from headrace_iceberg.commits import Unit
from headrace_shape.dedupe import PLACE, order_key
from headrace_shape.shape_error import ShapeError
from headrace_shape.typed_rows import quoted

# Names that no column of a contract can have.
UNIT, INGEST_SEQ, SEQ = "_headrace_attempt", "_headrace_ingest_seq", "_headrace_seq"

ORIGIN = [(UNIT, "string"), (INGEST_SEQ, "bigint"), (SEQ, "bigint")]


def unit_rows(spark, store, bucket, table, units: "list[Unit]") -> DataFrame:
    """Reads the files that the commits name. The schema is the contract's: a column that an older file lacks is NULL, as in the view.

    Fails where the files do not have the rows that the commits count: a snapshot of fewer rows would say that it has them all.
    """
    schema = ", ".join(f"`{column['name']}` {column['sparkType']}" for column in table["columns"])
    paths = [store.data(bucket, key) for unit in units for key in unit.keys]
    values = [F.expr(column["value"]).alias(column["name"]) for column in table["columns"]]
    if not paths:
        empty = spark.createDataFrame([], schema).select(*values)
        return empty.select("*", *(F.lit(None).cast(kind).alias(name) for name, kind in ORIGIN))
    unit = F.regexp_extract("_metadata.file_path", unit_pattern(store.data_folder(bucket, table["dataPrefix"])), 1)
    rows = spark.read.schema(schema).parquet(*paths).select(*values, unit.alias(UNIT))
    ages = spark.createDataFrame([(each.unit_id, each.ingest_seq, each.seq) for each in units], ", ".join(f"{name} {kind}" for name, kind in ORIGIN))
    joined = rows.join(F.broadcast(ages), UNIT).select(*(quoted(column["name"]) for column in table["columns"]), *(name for name, _ in ORIGIN))
    # Spark counts by the ends of the files.
    require_all(table, units, joined.count())
    return joined


def require_all(table, units, read):
    committed = sum(unit.records for unit in units)
    if read != committed:
        raise ShapeError(
            "ICEBERG_ROWS",
            f"{table['table']}: the commits of {len(units)} batches of {table['dataset']} count {committed} rows, their files gave {read}; the table stays as it was. "
            f"Fix: compare the files below {table['dataPrefix']} with the commits below {table['logPrefix']}, and rerun batches whose files were changed", "system",
            dataset=table["dataset"], committed=committed, read=read,
        )


def unit_pattern(folder):
    """Of a file's URI: the folder right below the dataset's own is its unit. From the beginning on, because any folder above may be called `data` too."""
    return f"^(?:[a-z0-9]+:)?/*{re.escape(folder.lstrip('/'))}([^/]+)/"


def newest_per_key(rows: DataFrame, table) -> DataFrame:
    """The newest row of each key: the order of the view of the current state."""
    window = Window.partitionBy(*map(quoted, table["primaryKey"])).orderBy(*(order_key(key, reverse) for key, reverse in newest_first(table)))
    return rows.withColumn(PLACE, F.row_number().over(window)).where(F.col(PLACE) == 1).drop(PLACE)


def newest_first(table):
    """Sort keys, each with whether it is read from its end."""
    dedupe = table["dedupe"] or {"orderBy": [], "keep": "first"}
    by_contract = [(key, dedupe["keep"] == "last") for key in dedupe["orderBy"]]
    return by_contract + [({"column": name, "direction": "desc", "nulls": "last"}, False) for name in (INGEST_SEQ, SEQ)]


def is_newer(table, one, other):
    """SQL: whether a row stands before another one in the order of newest first."""
    sql = "false"
    for key, reverse in reversed(newest_first(table)):
        a, b = (f"{alias}.`{key['column']}`" for alias in (one, other))
        sign = ">" if (key["direction"] == "desc") != reverse else "<"
        nulls_first = (key["nulls"] == "first") != reverse
        sql = f"CASE WHEN {a} <=> {b} THEN {sql} WHEN {a} IS NULL THEN {str(nulls_first).lower()} WHEN {b} IS NULL THEN {str(not nulls_first).lower()} ELSE {a} {sign} {b} END"
    return sql
