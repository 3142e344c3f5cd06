"""One run of step Iceberg: its documents, its messages, its failure."""

import time

from headrace_iceberg.follow_log import follow
from headrace_iceberg.upkeep import keep
from headrace_shape.object_store import Store
from headrace_shape.shape_error import ShapeError
from headrace_shape.shape_task import SCHEMA_VERSION, folder_of, now, say, tell_failure


def run(spark, settings, task, local=False):
    """All tables that lag behind their logs or have snapshots to lose, one after the other; those before a failure are done."""
    work, folder = task["plan"]["bucket"], folder_of(task)
    about = {"step": "iceberg", "index": task["index"]}
    store = Store(local)
    try:
        document = store.read_json(work, f"{folder}iceberg.json")
        if document is None or document["schemaVersion"] != SCHEMA_VERSION:
            raise ShapeError("DOCUMENT_VERSION", f"s3://{work}/{folder}iceberg.json is missing or not of version {SCHEMA_VERSION}; start a new attempt")
        for table in document["tables"]:
            clock = time.monotonic()
            made = follow(spark, store, settings["curatedBucket"], table)
            if made is not None:
                say("CURATE_I1601", "info", f"{table['dataset']}: {table['table']} is at commit {made['seq']}", seconds=round(time.monotonic() - clock, 3), **made)
            # A note for Publish of the next run, not the truth: that is in the table's snapshot.
            upkeep = keep(spark, table, made is not None, store.read_json(settings["curatedBucket"], table["progressKey"]) or {})
            progress = {"schemaVersion": SCHEMA_VERSION, "table": table["table"], "seq": table["head"], "rule": table["rule"], "at": now(), **upkeep}
            store.write_json(settings["curatedBucket"], table["progressKey"], progress, once=False)
    except Exception as error:
        tell_failure(store, work, f"{folder}errors/iceberg-{task['index']}.json", about, error)
        raise
    finally:
        store.close()
