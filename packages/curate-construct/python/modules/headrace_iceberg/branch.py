"""A private branch of a table: what is written to it becomes the table in one step, or never."""

import uuid

from headrace_iceberg.progress import read_progress
from headrace_shape.shape_task import say


class Branch:
    def __init__(self, spark, table, snapshot):
        self.spark, self.about, self.table, self.base = spark, table, table["table"], snapshot
        self.name = f"headrace_{uuid.uuid4().hex}"
        spark.sql(f"ALTER TABLE {self.table} CREATE BRANCH {self.name} AS OF VERSION {snapshot}")

    @property
    def target(self):
        return f"{self.table}.branch_{self.name}"

    def become_main(self):
        """Makes the branch the table. False where the table has moved on since the branch was made, which then changes nothing."""
        catalog, _, rest = self.table.partition(".")
        try:
            self.spark.sql(f"CALL {catalog}.system.fast_forward('{rest}', 'main', '{self.name}')").collect()
        except Exception as error:
            # An answer that was lost, or another run that was faster: only the table knows.
            now = read_progress(self.spark, self.about)
            if (now.seq or 0) >= self.about["head"]:
                return True
            if now.snapshot == self.base:
                raise
            say("CURATE_W1502", "warning", f"{self.table}: another one changed the table meanwhile; its rows are worked out again", reason=str(error).split("\n", 1)[0][:300])
            return False
        return True

    def drop(self):
        try:
            self.spark.sql(f"ALTER TABLE {self.table} DROP BRANCH IF EXISTS {self.name}")
        except Exception as error:
            # Costs its files until somebody drops it; what the table shows is not touched.
            say("CURATE_W1503", "warning", f"{self.table}: branch {self.name} could not be dropped; drop it by hand", reason=str(error).split("\n", 1)[0][:300])
