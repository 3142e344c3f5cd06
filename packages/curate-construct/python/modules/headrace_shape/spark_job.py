"""What the scripts of all Glue jobs share: their arguments, and a session that ends with them."""

import argparse
import json
import sys

from headrace_shape.spark_session import session


def run_job(name, run):
    """Runs one task in a session of this name: `run(spark, settings, task, local)`."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--HEADRACE_SETTINGS", required=True, type=json.loads)
    parser.add_argument("--HEADRACE_TASK", required=True, type=json.loads)
    parser.add_argument("--local-files", choices=["true", "false"], default="false", help="Spark works on local disk, because it has no S3 here")
    # Glue adds arguments of its own.
    arguments, _ = parser.parse_known_args(sys.argv[1:])
    spark = session(name)
    try:
        run(spark, arguments.HEADRACE_SETTINGS, arguments.HEADRACE_TASK, arguments.local_files == "true")
    finally:
        spark.stop()
