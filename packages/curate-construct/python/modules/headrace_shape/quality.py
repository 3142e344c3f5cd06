"""What quality rules over all records of a unit give."""

from pyspark.sql import functions as F

from headrace_shape.typed_rows import quoted


def measure_duplicates(records, spec):
    """How many records repeat the values of another one, as text by the rule's number; a NULL among the values repeats nothing.

    Counted before rejection: `records` is None where Rows left no file, and then nothing repeats.
    """
    measured = {}
    for rule in spec["duplicates"]:
        repeated = 0
        if records is not None:
            columns = [quoted(name) for name in rule["columns"]]
            groups = records.select(*columns).dropna().groupBy(*columns).count()
            repeated = groups.agg(F.coalesce(F.sum(F.col("count") - 1), F.lit(0)).alias("repeated")).first()["repeated"]
        measured[str(rule["rule"])] = str(repeated)
    return measured
