"""Values that stand more than once in a run, and keys and columns where they must not."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace_shape.shape_error import ShapeError
from headrace_shape.typed_rows import quoted

# A name that no column of a contract can have.
COPIES = "_headrace_copies"


def repeated(rows: DataFrame, names) -> DataFrame:
    """Values that stand more than once, each with how often. NULL is a value."""
    columns = [quoted(name) for name in names]
    return rows.select(*columns).groupBy(*columns).agg(F.count("*").alias(COPIES)).where(F.col(COPIES) > 1)


def count_repetitions(groups: DataFrame):
    """How many rows repeat the values of another one."""
    return groups.agg(F.coalesce(F.sum(F.col(COPIES) - 1), F.lit(0)).alias("rows")).first()["rows"]


def refuse_duplicates(rows: DataFrame, names, code, dataset):
    """Raises when values that must be unique in a run stand twice; NULL may stand often in a unique column."""
    groups = repeated(rows.dropna(subset=names) if code == "UNIQUE" else rows, names)
    example = F.concat_ws(", ", *(F.concat(F.lit(f"{name} "), quoted(name).cast("string")) for name in names))
    found = groups.agg(F.count("*").alias("keys"), F.sum(COPIES).alias("copies"), F.min(example).alias("example")).first()
    if found["keys"] == 0:
        return
    what = "the primary key" if code == "KEY" else "the unique column"
    cure = "declare headraceDedupe to keep one record per key" if code == "KEY" else "drop unique from the contract"
    raise ShapeError(
        code,
        f"{dataset}: {found['copies']} records share {found['keys']} values of {what} {', '.join(names)} in one run "
        f"(for example {found['example']}); nothing was published. Fix: {cure}, or mend the source",
        dataset=dataset, key=names, keys=found["keys"], copies=found["copies"],
    )
