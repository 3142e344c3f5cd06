"""Shapes many cases in one session, since a session takes longer to start than a case to run.

Argument: a file with `[{"settings": …, "task": …, "large": whether what only many rows or bytes need is done for it}]`.
"""

import json
import sys

from headrace_shape import curated_files, dedupe
from headrace_shape.shape_error import ShapeError
from headrace_shape.shape_task import run
from headrace_shape.spark_session import session

spark = session()
limits = dedupe.MAX_TOLD, curated_files.DRIVER_BYTES
with open(sys.argv[1], encoding="utf-8") as cases:
    for case in json.load(cases):
        dedupe.MAX_TOLD, curated_files.DRIVER_BYTES = (0, 0) if case["large"] else limits
        try:
            run(spark, case["settings"], case["task"], local=True)
        except ShapeError:
            # Its error document says the rest.
            pass
spark.stop()
