"""Shape for one unit: from what Rows left to curated files and their counts."""

import random

from headrace_shape.balance import check_balance
from headrace_shape.curated_files import plan_files, publish, write
from headrace_shape.dedupe import one_per_key
from headrace_shape.object_store import Store
from headrace_shape.quality import measure_duplicates
from headrace_shape.rows_of_unit import read_unit_rows
from headrace_shape.threshold import check_threshold
from headrace_shape.typed_rows import all_rows, kept_rows
from headrace_shape.uniqueness import refuse_duplicates


def shape(spark, store: Store, settings, task, folder, unit, spec):
    """Makes the curated files of one unit and returns the members of its result document."""
    bucket, work = settings["curatedBucket"], task["plan"]["bucket"]
    results = read_unit_rows(store, work, folder, unit)
    place = f"{unit['dataset']}/{unit['unitId']}/"
    check_threshold(spec, unit, results, f"s3://{bucket}/{settings['pipeline']}/quarantine/{place}")
    kept = sum(result["counts"]["kept"] for result in results)
    filtered = sum(result.get("filtered", 0) for result in results)
    in_files = kept - filtered
    inputs = [file for result in results for file in result["files"]]
    losers, parts = 0, []
    records = all_rows(spark, [store.input(bucket, file["key"]) for file in inputs], spec) if inputs else None
    quality = measure_duplicates(records, spec)
    if in_files > 0:
        rows = kept_rows(records)
        with one_per_key(rows, spec) as (winners, losers):
            planned, total = plan_files(rows, spec, sum(file["bytes"] for file in inputs), in_files)
            for name in spec["unique"]:
                refuse_duplicates(winners, [name], "UNIQUE", spec["dataset"])
            target = store.scratch(work, f"{folder}shape-{task['index']}-{random.randrange(2 ** 40):010x}/")
            write(spark, winners, spec, planned, total, target)
        parts = publish(spark, bucket, f"{settings['pipeline']}/data/{place}", target, spec["partitionColumns"], planned)
    written = sum(part["records"] for part in parts)
    made = {"written": written, "deduplicated": losers, "filtered": filtered}
    check_balance(f"rows to curated of {unit['dataset']} ({unit['unitId']})", {"kept": kept}, made)
    return {"unitId": unit["unitId"], "engine": "spark", "counts": {"kept": kept, **made}, "parts": parts, **({"quality": quality} if quality else {})}
