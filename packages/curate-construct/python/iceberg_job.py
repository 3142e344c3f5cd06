"""Brings the Iceberg tables of the current state as far as the commit logs are.

The log is the truth and the tables follow it, as a load does: what to write is what the log has and the table's snapshot
does not name yet. Nothing is parsed or cast here; rows come from the curated Parquet files that commits name. The catalog
`headrace`, and Iceberg itself, come with the session: static settings, which a script cannot make.
"""

from headrace_iceberg.iceberg_task import run
from headrace_shape.spark_job import run_job

if __name__ == "__main__":
    run_job("headrace-iceberg", run)
