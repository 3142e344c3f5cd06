"""How a table comes from the commit it is at to the newest one: once, whatever is repeated, killed or done by two at a time."""

import random
import time

from headrace_iceberg.branch import Branch
from headrace_iceberg.commits import read_commits
from headrace_iceberg.progress import read_progress
from headrace_iceberg.table_definition import ensure_table, first_snapshot
from headrace_iceberg.write_state import write_state
from headrace_shape.shape_error import ShapeError
from headrace_shape.shape_task import say

# Losses in a row after which something else than another run must be changing the table.
MAX_LOST = 8


def follow(spark, store, bucket, table):
    """Gives what was done, or None where the table is as far already.

    Rows are written to a branch that nobody reads, which begins at the snapshot whose progress was read. The table then becomes the
    branch in one atomic step that fails if the table has another snapshot by now; so what was read still holds when rows become visible.
    """
    ensure_table(spark, table)
    for lost in range(MAX_LOST):
        before = read_progress(spark, table)
        if before.snapshot is None:
            first_snapshot(spark, table)
            continue
        if before.reached(table["head"]):
            return None
        if before.foreign is not None:
            say("CURATE_W1601", "warning", f"{table['table']}: snapshot {before.foreign} was not made by this stage; all rows are written again from the log", dataset=table["dataset"])
        changes = read_commits(store, bucket, table, before.seq)
        branch = Branch(spark, table, before.snapshot)
        try:
            mode = write_state(spark, store, bucket, table, before.seq, changes, branch)
            if branch.become_main():
                return {"seq": table["head"], "from": before.seq, "mode": mode, "units": len(changes.new), "superseded": len(changes.gone)}
        finally:
            branch.drop()
        time.sleep(random.random() * (lost + 1))
    raise ShapeError("ICEBERG_BUSY", f"{table['table']} was changed by others {MAX_LOST} times in a row; start the next attempt", "system", table=table["table"])
