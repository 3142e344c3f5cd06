"""The rows of units, with what tells where each came from and how new it is."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from headrace_iceberg.commits import Unit
from headrace_shape.dedupe import PLACE, order_key
from headrace_shape.typed_rows import quoted

# Names that no column of a contract can have.
UNIT, INGEST_SEQ, SEQ = "_headrace_attempt", "_headrace_ingest_seq", "_headrace_seq"

ORIGIN = [(UNIT, "string"), (INGEST_SEQ, "bigint"), (SEQ, "bigint")]


def unit_rows(spark, store, bucket, table, units: "list[Unit]") -> DataFrame:
    """Reads the files that the commits name. The schema is the contract's: a column that an older file lacks is NULL, as in the view."""
    schema = ", ".join(f"`{column['name']}` {column['sparkType']}" for column in table["columns"])
    paths = [store.data(bucket, key) for unit in units for key in unit.keys]
    values = [F.expr(column["value"]).alias(column["name"]) for column in table["columns"]]
    if not paths:
        empty = spark.createDataFrame([], schema).select(*values)
        return empty.select("*", *(F.lit(None).cast(kind).alias(name) for name, kind in ORIGIN))
    # Below `data/<dataset>/` the folder of a file is its unit.
    unit = F.regexp_extract("_metadata.file_path", f"/data/{table['dataset']}/([^/]+)/", 1)
    rows = spark.read.schema(schema).parquet(*paths).select(*values, unit.alias(UNIT))
    ages = spark.createDataFrame([(each.unit_id, each.ingest_seq, each.seq) for each in units], ", ".join(f"{name} {kind}" for name, kind in ORIGIN))
    return rows.join(F.broadcast(ages), UNIT).select(*(quoted(column["name"]) for column in table["columns"]), *(name for name, _ in ORIGIN))


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
