"""The rows that step Rows left: typed Parquet, read by the types of the contract."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

REJECT, PART, RECORD = "_reject", "_part", "_record"
# A name that no column of a contract can have.
SPREAD = "_headrace_spread"


def quoted(name):
    return F.col(f"`{name}`")


def all_rows(spark, paths, spec) -> DataFrame:
    """The records of a unit that framed, those that a check rejected included. The schema is the contract's, never inferred from a file."""
    columns = [f"`{column['name']}` {column['sparkType']}" for column in spec["columns"]]
    if spec["dedupe"] is not None:
        columns += [f"{PART} int", f"{RECORD} bigint"]
    return spark.read.schema(", ".join([*columns, f"{REJECT} string"])).parquet(*paths)


def kept_rows(rows: DataFrame) -> DataFrame:
    """Those that passed all checks."""
    # By the place in the input and no running number: a task that Spark repeats must send each row to the same file again.
    # By no value either: of equal rows there may be more than one file should hold.
    spread = F.xxhash64("_metadata.file_name", "_metadata.row_index").alias(SPREAD)
    return rows.select("*", spread).where(F.col(REJECT).isNull()).drop(REJECT)
