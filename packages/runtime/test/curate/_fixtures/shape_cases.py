"""Shapes many cases in one session, since a session takes longer to start than a case to run.

Arguments: a file with `[{"settings": …, "task": …}]`. Prints one JSON line for each, in order: `null`, or the code of its failure.
"""

import json
import sys

from headrace_shape.shape_error import ShapeError
from headrace_shape.shape_task import run
from headrace_shape.spark_session import session

spark = session()
with open(sys.argv[1], encoding="utf-8") as cases:
    for case in json.load(cases):
        try:
            run(spark, case["settings"], case["task"], local=True)
        except ShapeError:
            # Its error document says the rest.
            pass
spark.stop()
