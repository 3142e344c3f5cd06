"""Brings the Iceberg tables of the current state as far as the commit logs are.

The log is the truth and the tables follow it, as a load does: what to write is what the log has and the table's snapshot
does not name yet. Nothing is parsed or cast here; rows come from the curated Parquet files that commits name. The catalog
`headrace`, and Iceberg itself, come with the session: static settings, which a script cannot make.
"""

import argparse
import json
import sys

from headrace_iceberg.iceberg_task import run
from headrace_shape.spark_session import session


def main(argv):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--HEADRACE_SETTINGS", required=True, type=json.loads)
    parser.add_argument("--HEADRACE_TASK", required=True, type=json.loads)
    parser.add_argument("--local-files", choices=["true", "false"], default="false", help="Spark reads files of local disk, because it has no S3 here")
    # Glue adds arguments of its own.
    arguments, _ = parser.parse_known_args(argv)
    spark = session("headrace-iceberg")
    try:
        run(spark, arguments.HEADRACE_SETTINGS, arguments.HEADRACE_TASK, arguments.local_files == "true")
    finally:
        spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
