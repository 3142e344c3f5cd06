"""Files of a dataset with an order: the rows of each are in it, and files of one column partition are ranges of it."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace_shape.dedupe import order_key
from headrace_shape.typed_rows import SPREAD, quoted

# Of encoded bytes: readers pass over groups of rows, and a file of the wanted size has some.
ROW_GROUP_BYTES = 16 * 1024 * 1024


def write_sorted(numbered: DataFrame, spec, planned, target, number, most_tasks):
    """Writes rows, each with the number of its column partition's first file (`number`) and how many files that has (`_files`).

    A column partition of one file is sorted by one task. The rows of larger ones are cut into as many ranges as they need files, by Spark's
    sample of them, so no task sorts more than about one file. A range that two partitions share makes a file in each.
    """
    columns = [quoted(column["name"]) for column in spec["columns"]]
    order = [order_key(key, False) for key in spec["sort"]]
    files, owner = F.col("_files"), F.col(number)
    several = sum(count for _, _, count in planned if count > 1)
    singles = sum(count == 1 for _, _, count in planned)

    def put(rows, folder):
        path = f"{target.rstrip('/')}/{folder}"
        if spec["partitionColumns"]:
            placed = rows.select(*columns, owner).sortWithinPartitions(owner, *order)
            placed.write.option("parquet.block.size", ROW_GROUP_BYTES).partitionBy(number).mode("errorifexists").parquet(path)
        else:
            # No partitionBy: Spark drops a constant from the order, then sorts by it for the folders, and the order is lost.
            rows.select(*columns).sortWithinPartitions(*order).write.option("parquet.block.size", ROW_GROUP_BYTES).mode("errorifexists").parquet(f"{path}/{number}=0")

    # Two writes: the writer would sort a union of both again, by the number alone.
    if singles:
        put(numbered.where(files == 1).repartition(min(singles, most_tasks), owner), "whole")
    if several:
        # By the place as well: values that stand often would all meet in one task.
        put(numbered.where(files > 1).repartitionByRange(several, owner, *order, F.col(SPREAD)), "ranges")
