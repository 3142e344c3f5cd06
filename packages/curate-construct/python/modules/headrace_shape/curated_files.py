"""From rows to curated objects: how many files, which rows in which, and under which keys."""

import hashlib
import random
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

from botocore.exceptions import ClientError
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace_shape.object_store import s3_client
from headrace_shape.partition_values import encode_partition_value, text_of
from headrace_shape.shape_error import ShapeError
from headrace_shape.sorted_files import write_sorted
from headrace_shape.typed_rows import SPREAD, quoted
from headrace_shape.written_files import written_files

# A name that no column of a contract can have.
FILE = "_headrace_file"
MAX_PARTITIONS = 10_000
# More tasks than this only cost start-up; one task may write several files.
MAX_WRITE_TASKS = 2_000
CHUNK = 1024 * 1024
# What the driver puts by itself: starting a Python on each executor takes longer.
DRIVER_BYTES = 256 * 1024 * 1024
DRIVER_THREADS = 4


def plan_files(rows: DataFrame, spec, bytes_in, kept):
    """Per column partition: its typed values, the number of its first file, and how many files its share of the bytes needs."""
    names = spec["partitionColumns"]
    found = rows.groupBy(*map(quoted, names)).count().limit(MAX_PARTITIONS + 1).collect() if names else [(kept,)]
    if len(found) > MAX_PARTITIONS:
        raise ShapeError(
            "PARTITIONS",
            f"{spec['dataset']}: one run has more than {MAX_PARTITIONS} values of its partition columns {', '.join(names)}; "
            "each makes at least one file and one catalog partition. Fix: partition by a coarser column", dataset=spec["dataset"],
        )
    planned, first = [], 0
    for *values, count in sorted(map(tuple, found), key=lambda row: [(value is not None, value) for value in row]):
        files = max(1, -(-count * bytes_in // (kept * spec["targetFileBytes"])))
        planned.append((values, first, files))
        first += files
    return planned, first


def write(spark, rows: DataFrame, spec, planned, total, target):
    """Writes the rows, those of one file number in one task and so in one file; or in the order of a dataset that has one."""
    names = spec["partitionColumns"]
    types = {column["name"]: column["sparkType"] for column in spec["columns"]}
    first, files = F.lit(0), F.lit(total)
    if names:
        fields = ", ".join([*(f"_value{index} {types[name]}" for index, name in enumerate(names)), "_first int", "_files int"])
        table = spark.createDataFrame([(*values, first, files) for values, first, files in planned], fields)
        same = [quoted(name).eqNullSafe(F.col(f"_value{index}")) for index, name in enumerate(names)]
        rows = rows.join(F.broadcast(table), on=same, how="left")
        first, files = F.col("_first"), F.col("_files")
    columns = [quoted(name) for name in types]
    if spec.get("sort"):
        write_sorted(rows.select(*columns, SPREAD, first.alias(FILE), files.alias("_files")), spec, planned, target, FILE, MAX_WRITE_TASKS)
        return
    number = first + F.pmod(SPREAD, files).cast("int")
    numbered = rows.select(*columns, number.alias(FILE))
    numbered.repartition(min(total, MAX_WRITE_TASKS), F.col(FILE)).write.partitionBy(FILE).mode("errorifexists").parquet(target)


def publish(spark, bucket, prefix, target, names, planned):
    """Puts the written files under their keys, in parallel, and returns the parts of the manifest."""
    owner = {first + offset: values for values, first, files in planned for offset in range(files)}
    # Begins at a random place: a try that was given up but still runs never meets the files of a later one.
    number = random.randrange(1, 2 ** 32) * 1_000_000
    written, jobs = written_files(spark, target), []
    for file in written:
        # The folders say which file a row belongs to, and are no column.
        values = [text_of(value) for value in owner[int(re.search(f"/{FILE}=(\\d+)/", file.uri).group(1))]]
        partition = dict(zip(names, values))
        folders = "".join(f"{name}={encode_partition_value(value)}/" for name, value in partition.items())
        jobs.append((file.uri, bucket, {"key": f"{prefix}{folders}{number + len(jobs)}.parquet", "records": file.records, "partition": partition}))
    if sum(file.bytes for file in written) <= DRIVER_BYTES:
        with ThreadPoolExecutor(DRIVER_THREADS) as pool:
            return list(pool.map(publish_file, jobs))
    return spark.sparkContext.parallelize(jobs, min(len(jobs), MAX_WRITE_TASKS)).map(publish_file).collect()


def publish_file(job):
    """Turns a file that Spark wrote into a curated object, on an executor; returns its part of the manifest."""
    source, bucket, part = job
    with tempfile.TemporaryFile() as copy:
        digest = hashlib.sha256()
        for chunk in file_chunks(source):
            digest.update(chunk)
            copy.write(chunk)
        part = {**part, "bytes": copy.tell(), "sha256": digest.hexdigest()}
        copy.seek(0)
        try:
            s3_client(once=True).put_object(Bucket=bucket, Key=part["key"], Body=copy, Metadata={"headrace-sha256": part["sha256"]})
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                raise
            # Spark ran this task before and its answer was lost.
            there = s3_client().head_object(Bucket=bucket, Key=part["key"])["Metadata"].get("headrace-sha256")
            if there != part["sha256"]:
                raise RuntimeError(f"WRITE_ONCE: s3://{bucket}/{part['key']} exists already with other bytes; start a new attempt") from error
    return part


def file_chunks(source):
    if source.startswith("file:"):
        with open(unquote(re.sub("^file:/+", "/", source)), "rb") as file:
            yield from iter(lambda: file.read(CHUNK), b"")
    else:
        bucket, _, key = re.sub("^s3[an]?://", "", source).partition("/")
        yield from s3_client().get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK)
