"""What the Iceberg job does: tables of the current state that follow the commit log; see iceberg_job.py."""
