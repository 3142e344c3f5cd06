"""Snapshots that say which commits they hold."""

from pyspark.sql import DataFrame

from headrace_iceberg.progress import RULE, SEQ


def named_writer(rows: DataFrame, target, table, seq):
    """A writer whose snapshot names the commit up to which the table is, in the very write that makes it so."""
    facts = {SEQ: str(seq), RULE: table["rule"]}
    writer = rows.writeTo(target)
    for key, value in facts.items():
        writer = writer.option(f"snapshot-property.{key}", value)
    return writer
