"""What keeps a table quick and small; bounded, and never a reason for a run to fail."""

from datetime import datetime, timedelta, timezone

from headrace_iceberg.branch import drop_abandoned
from headrace_iceberg.progress import read_progress
from headrace_shape.shape_task import say

# Files of a partition that are joined when there are so many below the target size.
MIN_FILES = 12
# What one run rewrites at most.
MAX_FILES = 2_000
# No run of Glue takes longer, so whoever made a branch or a file then, and did not finish, is dead.
ABANDONED_AFTER = timedelta(days=7)
# Looking for orphans lists the whole folder of a table.
SEARCH_EVERY = timedelta(days=7)


def keep(spark, table, changed, last):
    """Gives what the note of the table remembers of upkeep, `last` as it was: when the oldest snapshot that will expire was made, absent
    where none will, and when orphans were last looked for. Times are as Publish reads them. Files are joined only where rows changed.

    Each part is tried by itself: files that cannot be joined are no reason to keep rows that must go.
    """
    now = datetime.now(timezone.utc)
    attempt(table, "branches of dead jobs", lambda: drop_abandoned(spark, table, (now - ABANDONED_AFTER).timestamp()))
    if changed:
        attempt(table, "joining files", lambda: join_files(spark, table))
    attempt(table, "expiry of snapshots", lambda: expire(spark, table, now))
    # A table that has no note yet has no job that died long ago.
    searched = last.get("orphansSearched", iso_time(now))
    if searched <= iso_time(now - SEARCH_EVERY):
        attempt(table, "orphans", lambda: remove_orphans(spark, table, now))
        # Also where that failed: a search lists the whole folder, and the next run is no time to do it again.
        searched = iso_time(now)
    made = attempt(table, "looking for old snapshots", lambda: oldest(spark, table))
    return {"orphansSearched": searched, **({} if made is None else {"oldest": made})}


def attempt(table, what, work):
    try:
        return work()
    except Exception as error:
        say(
            "CURATE_W1604", "warning", f"{table['table']}: upkeep failed ({what}); the rows are as they must be, and a later run tries again",
            dataset=table["dataset"], reason=str(error).split("\n", 1)[0][:300],
        )
        return None


def join_files(spark, table):
    catalog, _, name = table["table"].partition(".")
    options = {"min-input-files": MIN_FILES, "max-files-to-rewrite": MAX_FILES, "max-concurrent-file-group-rewrites": 2}
    pairs = ", ".join(f"'{key}', '{value}'" for key, value in options.items())
    joined = spark.sql(f"CALL {catalog}.system.rewrite_data_files(table => '{name}', options => map({pairs}))").first()
    if joined["rewritten_data_files_count"] > 0:
        say(
            "CURATE_I1602", "info", f"{table['table']}: files joined", dataset=table["dataset"],
            filesBefore=joined["rewritten_data_files_count"], filesAfter=joined["added_data_files_count"],
        )


def expire(spark, table, now):
    """What is older goes with its files. Those stay that show the rows of now: the current snapshot and, where files were joined since, the one that says how far it is."""
    catalog, _, name = table["table"].partition(".")
    before = (now - timedelta(hours=table["snapshotRetentionHours"])).strftime("%Y-%m-%d %H:%M:%S.%f")
    needed = read_progress(spark, table).needed
    # An expiry plans jobs over all files, so it runs only where there is something to expire.
    old = spark.sql(f"SELECT count(*) AS old FROM {table['table']}.snapshots WHERE committed_at < TIMESTAMP '{before}'").first()["old"]
    if old == 0:
        return
    expired = spark.sql(
        f"CALL {catalog}.system.expire_snapshots(table => '{name}', older_than => TIMESTAMP '{before}', retain_last => {needed}, stream_results => true)",
    ).first()
    if expired["deleted_manifest_lists_count"] > 0:
        say("CURATE_I1603", "info", f"{table['table']}: snapshots expired", dataset=table["dataset"], snapshots=expired["deleted_manifest_lists_count"], filesDeleted=expired["deleted_data_files_count"])


def remove_orphans(spark, table, now):
    """Files below the table's own folder that no snapshot, branch or kept metadata names: what a job wrote that was killed before it could say so."""
    catalog, _, name = table["table"].partition(".")
    before = (now - ABANDONED_AFTER).strftime("%Y-%m-%d %H:%M:%S.%f")
    # By the catalog's own files: Spark has no S3 everywhere.
    found = spark.sql(f"CALL {catalog}.system.remove_orphan_files(table => '{name}', older_than => TIMESTAMP '{before}', prefix_listing => true)").collect()
    if found:
        say("CURATE_I1604", "info", f"{table['table']}: files of dead jobs removed", dataset=table["dataset"], files=len(found), example=found[0]["orphan_file_location"])


def iso_time(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def oldest(spark, table):
    needed = read_progress(spark, table).needed
    made = [row["at"] for row in spark.sql(f"SELECT date_format(committed_at, \"yyyy-MM-dd'T'HH:mm:ss'Z'\") AS at FROM {table['table']}.snapshots ORDER BY committed_at DESC").collect()]
    return made[-1] if len(made) > needed else None
