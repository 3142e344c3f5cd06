"""One task of step Shape: its documents, its messages, its failure."""

import json
import time
from datetime import datetime, timezone

from headrace_shape.object_store import Store
from headrace_shape.shape_error import ShapeError
from headrace_shape.shape_unit import shape
from headrace_shape.spark_session import peak_memory

SCHEMA_VERSION = 1


def run(spark, settings, task, local=False):
    """One unit of work: ends at once when its result is there already."""
    work, folder, index = task["plan"]["bucket"], folder_of(task), task["index"]
    store = Store(local)
    about = {"step": "shape", "index": index}
    started, clock = now(), time.monotonic()
    try:
        if store.read_json(work, f"{folder}shape/{index}.json") is not None:
            say("TASK_I0003", "info", f"step shape of item {index} was done by an earlier try; its result is kept", **about)
            return
        unit = store.read_json(work, f"{folder}units.json")[index]
        spec = store.read_json(work, f"{folder}shape-{unit['dataset']}.json")
        if spec is None or spec["schemaVersion"] != SCHEMA_VERSION:
            raise ShapeError("DOCUMENT_VERSION", f"s3://{work}/{folder}shape-{unit['dataset']}.json is missing or not of version {SCHEMA_VERSION}; start a new attempt")
        result = shape(spark, store, settings, task, folder, unit, spec)
        timing = {"startedAt": started, "endedAt": now()}
        document = {"schemaVersion": SCHEMA_VERSION, **about, "timing": timing, "peakMemoryBytes": peak_memory(spark), **result}
        store.write_json(work, f"{folder}shape/{index}.json", document, once=True)
        say("CURATE_I1201", "info", f"{unit['dataset']}: {unit['unitId']} shaped", seconds=round(time.monotonic() - clock, 3), **result["counts"], files=len(result["parts"]))
    except Exception as error:
        tell_failure(store, work, f"{folder}errors/shape-{index}.json", about, error)
        raise
    finally:
        store.close()


def tell_failure(store, bucket, key, about, error):
    """Leaves what the notice of the stage quotes."""
    known = isinstance(error, ShapeError)
    failure = {
        "schemaVersion": SCHEMA_VERSION, **about, "at": now(), "code": error.code if known else "SPARK", "kind": "terminal",
        "fault": error.fault if known else "system", "message": str(error)[:4000], "facts": error.facts if known else {},
    }
    store.write_json(bucket, key, failure, once=False)
    say("TASK_E0001", "error", f"step {about['step']} failed with {failure['code']}: {failure['message']}", **about)


def folder_of(task):
    key = task["plan"]["key"]
    return key[: key.rindex("/") + 1]


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def say(code, level, message, **data):
    print(json.dumps({"time": now(), "code": code, "level": level, "message": message, "data": data}, ensure_ascii=False), flush=True)
