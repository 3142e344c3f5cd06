"""The settings of Spark that a result could depend on."""

import re

from pyspark.sql import SparkSession

# Every setting that could change a value or a type is said, because its default differs between Spark 3 and 4.
SESSION = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.writeLegacyFormat": "false",
    "spark.sql.parquet.binaryAsString": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.sources.partitionOverwriteMode": "static",
    "spark.sql.storeAssignmentPolicy": "ANSI",
    # A file that is missing or damaged is a failure and never fewer rows.
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}


def session(name="headrace-shape"):
    builder = SparkSession.builder.appName(name)
    for key, value in SESSION.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    start_metrics(spark)
    # Glue hands over a session that exists; what can be set on it is set again.
    for key, value in SESSION.items():
        spark.conf.set(key, value)
    # No _SUCCESS object: the result document says what is whole.
    spark._jsc.hadoopConfiguration().set("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
    return spark


def start_metrics(spark):
    """Glue sends the metrics of a job only once its script has made a GlueContext; elsewhere there is nothing to start."""
    try:
        from awsglue.context import GlueContext
    except ImportError:
        return
    GlueContext(spark.sparkContext)


def peak_memory(spark):
    """The largest resident set of the driver's Java process, in bytes; 0 where the system does not tell."""
    try:
        with open(f"/proc/{spark._jvm.java.lang.ProcessHandle.current().pid()}/status", encoding="utf-8") as status:
            return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE).group(1)) * 1024
    except (OSError, AttributeError):
        return 0
