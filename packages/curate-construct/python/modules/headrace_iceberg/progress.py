"""How far a table is, by the summary of its snapshots and nothing else."""

from typing import NamedTuple, Optional

SEQ, RULE = "headrace.seq", "headrace.rule"


class Progress(NamedTuple):
    # The current snapshot; None where the table has none yet.
    snapshot: Optional[int] = None
    # The newest commit whose rows are in; None where that cannot be said, and the table is filled anew.
    seq: Optional[int] = None
    # A snapshot that others made, which changed rows.
    foreign: Optional[int] = None


def read_progress(spark, table) -> Progress:
    """Goes back from the current snapshot to one of ours. In between only rewrites may stand, which change no row."""
    name = table["table"]
    found = spark.sql(
        f"SELECT s.snapshot_id, s.parent_id, s.operation, s.summary['{SEQ}'] AS seq, s.summary['{RULE}'] AS rule, r.name "
        f"FROM {name}.snapshots s LEFT JOIN {name}.refs r ON r.snapshot_id = s.snapshot_id AND r.name = 'main'",
    ).collect()
    snapshots = {row["snapshot_id"]: row for row in found}
    current = next((row for row in found if row["name"] == "main"), None)
    head = None if current is None else current["snapshot_id"]
    while current is not None:
        if current["seq"] is not None:
            # Under another key, order or history the same commits have another state. 0 is the empty table that a first run made.
            known = current["rule"] == table["rule"] and int(current["seq"]) > 0
            return Progress(head, int(current["seq"]) if known else None)
        if current["operation"] != "replace":
            return Progress(head, None, current["snapshot_id"])
        current = snapshots.get(current["parent_id"])
    return Progress(head)
