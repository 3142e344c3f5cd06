"""What keeps a table quick and small; bounded, and never a reason for a run to fail."""

from datetime import datetime, timedelta, timezone

from headrace_iceberg.branch import drop_abandoned
from headrace_shape.shape_task import say

# Files of a partition that are joined when there are so many below the target size.
MIN_FILES = 12
# What one run rewrites at most.
MAX_FILES = 2_000
# Snapshots that stay however old they are.
RETAIN_LAST = 5
# No run of Glue takes longer, so whoever made a branch then is dead.
ABANDONED_AFTER = timedelta(days=7)


def keep(spark, table):
    catalog, _, name = table["table"].partition(".")
    options = {"min-input-files": MIN_FILES, "max-files-to-rewrite": MAX_FILES, "max-concurrent-file-group-rewrites": 2}
    pairs = ", ".join(f"'{key}', '{value}'" for key, value in options.items())
    now = datetime.now(timezone.utc)
    before = (now - timedelta(hours=table["snapshotRetentionHours"])).strftime("%Y-%m-%d %H:%M:%S")
    try:
        drop_abandoned(spark, table, (now - ABANDONED_AFTER).timestamp())
        joined = spark.sql(f"CALL {catalog}.system.rewrite_data_files(table => '{name}', options => map({pairs}))").first()
        expired = None
        # An expiry plans jobs over all files, so it runs only where there is something to expire.
        old = spark.sql(f"SELECT count(*) AS old FROM {table['table']}.snapshots WHERE committed_at < TIMESTAMP '{before}'").first()["old"]
        if old > RETAIN_LAST:
            expired = spark.sql(
                f"CALL {catalog}.system.expire_snapshots(table => '{name}', older_than => TIMESTAMP '{before}', retain_last => {RETAIN_LAST}, stream_results => true)",
            ).first()
        if joined["rewritten_data_files_count"] > 0 or expired is not None:
            say(
                "CURATE_I1602", "info", f"{table['table']}: files joined, snapshots expired", dataset=table["dataset"], filesBefore=joined["rewritten_data_files_count"],
                filesAfter=joined["added_data_files_count"], filesDeleted=0 if expired is None else expired["deleted_data_files_count"],
            )
    except Exception as error:
        say("CURATE_W1604", "warning", f"{table['table']}: upkeep failed; the rows are as they must be, and the next run tries again", reason=str(error).split("\n", 1)[0][:300])
