"""Shape on Spark: the curated files of one unit from its typed rows.

The counterpart of the DuckDB shaper: same input documents, same rows, same result document. It reads nothing but the
typed Parquet that Rows wrote, so no text is ever parsed or cast here. Plain PySpark and boto3: Glue hands over the
arguments, and its library only starts the metrics. Spark writes below the work folder of the attempt; its files become objects below data/
by one conditional PUT each, under keys that are made here and never by a committer.
"""

from headrace_shape.shape_task import run
from headrace_shape.spark_job import run_job

if __name__ == "__main__":
    run_job("headrace-shape", run)
