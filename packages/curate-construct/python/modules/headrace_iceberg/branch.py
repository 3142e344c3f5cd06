"""A private branch of a table: what is written to it becomes the table in one step, or never."""

import time
import uuid

from headrace_iceberg.progress import read_progress
from headrace_shape.shape_task import say

# Before the second of its making and a random name.
PREFIX = "headrace_"


class Branch:
    def __init__(self, spark, table, snapshot):
        self.spark, self.about, self.table, self.base = spark, table, table["table"], snapshot
        self.name = f"{PREFIX}{int(time.time())}_{uuid.uuid4().hex}"
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
            if now.reached(self.about["head"]):
                return True
            if now.snapshot == self.base:
                raise
            say("CURATE_W1602", "warning", f"{self.table}: another one changed the table meanwhile; its rows are worked out again", reason=str(error).split("\n", 1)[0][:300])
            return False
        return True

    def drop(self):
        try:
            self.spark.sql(f"ALTER TABLE {self.table} DROP BRANCH IF EXISTS {self.name}")
        except Exception as error:
            # Costs its files until somebody drops it; what the table shows is not touched.
            say("CURATE_W1603", "warning", f"{self.table}: branch {self.name} could not be dropped; drop it by hand", reason=str(error).split("\n", 1)[0][:300])


def drop_abandoned(spark, table, older_than):
    """Drops the branches of jobs that were killed; gives how many. They are known by when they were made: what they begin at may be old."""
    names = [row["name"] for row in spark.sql(f"SELECT name FROM {table['table']}.refs WHERE type = 'BRANCH'").collect()]
    made = {name: name.removeprefix(PREFIX).partition("_")[0] for name in names if name.startswith(PREFIX)}
    abandoned = [name for name, second in made.items() if second.isdigit() and int(second) < older_than]
    for name in abandoned:
        spark.sql(f"ALTER TABLE {table['table']} DROP BRANCH IF EXISTS {name}")
    return len(abandoned)
