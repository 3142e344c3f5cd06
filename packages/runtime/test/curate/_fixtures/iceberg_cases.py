"""Runs step Iceberg many times in one session, some of them killed or met by another run.

Arguments: a file with `[{"settings": …, "task": …, "table": …, "killed"?: a place, "meets"?: {settings, task}, "orphans"?: true}]`, and one for the answers: for each
what the table then is: its data files, its delete files, what its snapshots say, its branches; and the failure of the run.
"""

import json
import os
import shutil
import sys
import time
import uuid
from datetime import timedelta

from headrace_iceberg import follow_log, iceberg_task, upkeep
from headrace_iceberg.branch import Branch
from headrace_shape.spark_session import session


class Killed(BaseException):
    """No `except Exception` sees it; what `finally` does is taken away too."""


def once(owner, name, before=None, after=None):
    """Replaces a function until it was called once; gives a function that puts it back."""
    real = getattr(owner, name)

    def replaced(*args, **kwargs):
        setattr(owner, name, real)
        if before is not None:
            before(*args)
        result = real(*args, **kwargs)
        if after is not None:
            after(*args)
        return result

    setattr(owner, name, replaced)
    return lambda: setattr(owner, name, real)


def killed(place):
    """The process ends there: no branch is dropped either."""
    def die(*_):
        Branch.drop = lambda *_: None
        raise Killed()

    owner, name, when = PLACES[place]
    drop, undo = Branch.drop, once(owner, name, **{when: die})

    def revive():
        undo()
        Branch.drop = drop
    return revive


PLACES = {"branch": (Branch, "__init__", "after"), "rows": (follow_log, "write_state", "after"), "visible": (Branch, "become_main", "after")}


def state_of(spark, table, folder):
    refs = [row["name"] for row in spark.sql(f"SELECT name FROM {table}.refs").collect()]
    snapshots = spark.sql(f"SELECT operation, summary['headrace.seq'] AS seq FROM {table}.snapshots ORDER BY committed_at").collect()
    files = spark.sql(f"SELECT content, file_path FROM {table}.files").collect()
    return {
        "files": [copied(row["file_path"], folder) for row in files if row["content"] == 0], "deletes": sum(row["content"] != 0 for row in files),
        "snapshots": [[row["operation"], row["seq"]] for row in snapshots], "branches": sorted(name for name in refs if name != "main"),
        "columns": [f"{field.name} {field.dataType.simpleString()}" for field in spark.table(table).schema.fields],
    }


def leave_orphans(spark, table):
    """Files that no snapshot names, as jobs leave them that were killed; gives the name and path of each. One lies beside the table's folder."""
    place = spark.sql(f"SELECT file_path FROM {table}.files LIMIT 1").first()["file_path"].removeprefix("file:")
    folder = place[: place.index("/data/")]
    days = {"data/of-8-days.parquet": 8, "metadata/of-8-days.avro": 8, "data/of-6-days.parquet": 6, "../beside-of-8-days.parquet": 8}
    for name, age in days.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(b"PAR1")
        os.utime(file.name, (time.time() - age * 86_400,) * 2)
    return [(name, os.path.join(folder, name)) for name in days]


def copied(path, folder):
    """Upkeep removes files that tests read at the end."""
    os.makedirs(folder, exist_ok=True)
    return shutil.copy(path.removeprefix("file:"), os.path.join(folder, f"{uuid.uuid4().hex}.parquet"))


def main(cases, answers):
    spark = session()
    # So that few small batches need it.
    upkeep.MIN_FILES = 4
    # As if every run since the last case had been a week ago, where a case says so.
    patience, keep = upkeep.ABANDONED_AFTER, iceberg_task.keep
    found = []
    for index, case in enumerate(cases):
        answer, undo = {}, lambda: None
        if "killed" in case:
            undo = killed(case["killed"])
        if "meets" in case:
            other = case["meets"]
            undo = once(follow_log, "write_state", after=lambda *_: iceberg_task.run(spark.newSession(), other["settings"], other["task"], local=True))
        upkeep.ABANDONED_AFTER = timedelta(seconds=-60) if case.get("weekLater") else patience
        hours = case.get("retentionHours", 120)
        long_ago = {"orphansSearched": "2026-01-01T00:00:00Z"} if case.get("orphans") else {}
        iceberg_task.keep = lambda spark, table, changed, last, hours=hours, long_ago=long_ago: keep(spark, {**table, "snapshotRetentionHours": hours}, changed, {**last, **long_ago})
        orphans = leave_orphans(spark, case["table"]) if case.get("orphans") else []
        if "sql" in case:
            spark.sql(case["sql"])
        try:
            iceberg_task.run(spark, case["settings"], case["task"], local=True)
        except (Killed, Exception) as error:
            answer["failure"] = str(error) or "killed"
        undo()
        if case.get("orphans"):
            answer["orphans"] = [name for name, path in orphans if os.path.exists(path)]
        found.append({**answer, **state_of(spark, case["table"], os.path.join(os.path.dirname(answers), f"rows{index}"))})
    with open(answers, "w", encoding="utf-8") as file:
        json.dump(found, file)
    spark.stop()


with open(sys.argv[1], encoding="utf-8") as file:
    main(json.load(file), sys.argv[2])
