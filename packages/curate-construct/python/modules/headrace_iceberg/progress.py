"""How far a table is, by the summary of its snapshots and nothing else."""

from typing import NamedTuple, Optional

from headrace_shape.shape_error import ShapeError

SEQ, RULE = "headrace.seq", "headrace.rule"

# Each look that another run's commit came into is followed by one more.
MAX_LOOKS = 8


class Progress(NamedTuple):
    # The current snapshot; None where the table has none yet.
    snapshot: Optional[int] = None
    # The newest commit whose rows are in; None where that cannot be said, and the table is filled anew.
    seq: Optional[int] = None
    # A snapshot that others made, which changed rows.
    foreign: Optional[int] = None
    # The number that the newest snapshot of ours names, under whichever rule and whatever others did since.
    named: int = 0
    # Snapshots from the current one back to that of `named`, both included: without it the table is written anew.
    needed: int = 1

    def reached(self, head):
        """Whether a job that knows the log up to there has nothing to do. A table that is further is never taken back, not even under an older rule."""
        return self.named > head or self.seq == head


def read_progress(spark, table) -> Progress:
    """Goes back from the current snapshot to one of ours. In between only rewrites may stand, which change no row."""
    name = table["table"]
    for _ in range(MAX_LOOKS):
        found = spark.sql(
            f"SELECT snapshot_id, parent_id, operation, summary['{SEQ}'] AS seq, summary['{RULE}'] AS rule, false AS main FROM {name}.snapshots "
            f"UNION ALL SELECT snapshot_id, NULL, NULL, NULL, NULL, true FROM {name}.refs WHERE name = 'main'",
        ).collect()
        head = next((row["snapshot_id"] for row in found if row["main"]), None)
        if head is None:
            return Progress()
        snapshots = {row["snapshot_id"]: row for row in found if not row["main"]}
        # Both halves load the table by themselves, and a snapshot that came between is in one of them only.
        if head in snapshots:
            return progress_at(head, snapshots, table["rule"])
    raise ShapeError("ICEBERG_BUSY", f"{name} was changed by others {MAX_LOOKS} times in a row; start the next attempt", "system", table=name)


def progress_at(head, snapshots, rule) -> Progress:
    foreign, needed, current = None, 1, snapshots[head]
    while current is not None:
        if current["seq"] is not None:
            named = int(current["seq"])
            # Under another key, order or history the same commits have another state. 0 is the empty table that a first run made.
            known = foreign is None and current["rule"] == rule and named > 0
            return Progress(head, named if known else None, foreign, named, needed)
        if current["operation"] != "replace" and foreign is None:
            foreign = current["snapshot_id"]
        needed += 1
        current = snapshots.get(current["parent_id"])
    return Progress(head, None, foreign)
