"""Shape on Spark: the curated files of one unit from its typed rows.

The counterpart of the DuckDB shaper: same input documents, same rows, same result document. It reads nothing but the
typed Parquet that Rows wrote, so no text is ever parsed or cast here. Plain PySpark and boto3: Glue hands over the
arguments and is not imported. Spark writes below the work folder of the attempt; its files become objects below data/
by one conditional PUT each, under keys that are made here and never by a committer.
"""

import argparse
import json
import sys

from headrace_shape.shape_task import run
from headrace_shape.spark_session import session


def main(argv):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--HEADRACE_SETTINGS", required=True, type=json.loads)
    parser.add_argument("--HEADRACE_TASK", required=True, type=json.loads)
    parser.add_argument("--local-files", choices=["true", "false"], default="false", help="Spark works on local disk, because it has no S3 here")
    # Glue adds arguments of its own.
    arguments, _ = parser.parse_known_args(argv)
    spark = session()
    try:
        run(spark, arguments.HEADRACE_SETTINGS, arguments.HEADRACE_TASK, arguments.local_files == "true")
    finally:
        spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
