"""Keys and columns whose values must stand once in a run."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace_shape.shape_error import ShapeError
from headrace_shape.typed_rows import quoted


def refuse_duplicates(rows: DataFrame, names, code, dataset):
    """Raises when values that must be unique in a run stand twice; NULL may stand often in a unique column."""
    values = rows.select(*map(quoted, names))
    if code == "UNIQUE":
        values = values.dropna()
    groups = values.groupBy(*map(quoted, names)).count().where(F.col("count") > 1)
    example = F.concat_ws(", ", *(F.concat(F.lit(f"{name} "), quoted(name).cast("string")) for name in names))
    found = groups.agg(F.count("*").alias("keys"), F.sum("count").alias("copies"), F.min(example).alias("example")).first()
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
