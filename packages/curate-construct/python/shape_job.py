"""Shape on Spark: the curated files of one unit from its typed rows.

The counterpart of the DuckDB shaper: same input documents, same rows, same result document. It reads nothing but the
typed Parquet that Rows wrote, so no text is ever parsed or cast here. Plain PySpark and boto3: Glue hands over the
arguments and is not imported. Spark writes below the work folder of the attempt; its files become objects below data/
by one conditional PUT each, under keys that are made here and never by a committer.
"""

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
from datetime import datetime, timezone

import boto3
from botocore.exceptions import ClientError
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

REJECT, PART, RECORD = "_reject", "_part", "_record"
# Names that no column of a contract can have.
FILE, PLACE = "_headrace_file", "_headrace_place"

SCHEMA_VERSION = 1
MAX_PARTITIONS = 10_000
# More tasks than this only cost start-up; one task may write several files.
MAX_WRITE_TASKS = 2_000
CHUNK = 1024 * 1024
NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
MAX_PARTITION_VALUE = 150

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
}


class ShapeError(Exception):
    """A failure with a code, told to the operator in the error document of the step."""

    def __init__(self, code, message, fault="user", **facts):
        super().__init__(message)
        self.code, self.fault, self.facts = code, fault, facts


class Store:
    """Small documents through boto3; Spark's own files on s3://, or on local disk where Spark has no S3 (`local`)."""

    def __init__(self, local=False):
        self.local = local
        self.folder = tempfile.mkdtemp(prefix="headrace-shape-") if local else None

    def close(self):
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def input(self, bucket, key):
        """Where Spark reads an object."""
        if not self.local:
            return f"s3://{bucket}/{key}"
        path = os.path.join(self.folder, key.replace("/", "~"))
        s3_client().download_file(bucket, key, path)
        return path

    def scratch(self, bucket, prefix):
        """A folder that Spark writes; lifecycle rules of work documents remove it."""
        return os.path.join(self.folder, "out") if self.local else f"s3://{bucket}/{prefix}"

    def read_json(self, bucket, key):
        try:
            return json.loads(s3_client().get_object(Bucket=bucket, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def write_json(self, bucket, key, value, once):
        body = (json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8")
        try:
            s3_client(once).put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")
        except ClientError as error:
            # The first try that finished counts.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 412:
                raise


def s3_client(once=False):
    client = boto3.client("s3")
    if once:
        # By header: the boto3 of Glue is older than the parameter.
        client.meta.events.register("before-call.s3.PutObject", lambda params, **_: params["headers"].update({"If-None-Match": "*"}))
    return client


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
        with open(re.sub("^file:/+", "/", source), "rb") as file:
            yield from iter(lambda: file.read(CHUNK), b"")
    else:
        bucket, _, key = re.sub("^s3[an]?://", "", source).partition("/")
        yield from s3_client().get_object(Bucket=bucket, Key=key)["Body"].iter_chunks(CHUNK)


def quoted(name):
    return F.col(f"`{name}`")


def kept_rows(spark, paths, spec) -> DataFrame:
    """The rows of a unit that passed all checks. The schema is the contract's, never inferred from a file."""
    columns = [f"`{column['name']}` {column['sparkType']}" for column in spec["columns"]]
    if spec["dedupe"] is not None:
        columns += [f"{PART} int", f"{RECORD} bigint"]
    return spark.read.schema(", ".join([*columns, f"{REJECT} string"])).parquet(*paths).where(F.col(REJECT).isNull()).drop(REJECT)


def count_losers(rows: DataFrame, spec):
    """How many rows a dedupe leaves out, counted apart from what is written: the balance must be able to fail."""
    if spec["dedupe"] is None:
        return 0
    keys = rows.groupBy(*map(quoted, spec["primaryKey"])).count()
    return keys.agg(F.coalesce(F.sum(F.col("count") - 1), F.lit(0)).alias("losers")).first()["losers"]


def deduplicated(rows: DataFrame, spec) -> DataFrame:
    """One row per key. The order is total: equal rows are told apart by where they stood in the source."""
    dedupe = spec["dedupe"]
    if dedupe is None:
        return rows
    last = dedupe["keep"] == "last"
    order = [*dedupe["orderBy"], *({"column": name, "direction": "asc", "nulls": "last"} for name in (PART, RECORD))]
    window = Window.partitionBy(*map(quoted, spec["primaryKey"])).orderBy(*(order_key(key, last) for key in order))
    return rows.withColumn(PLACE, F.row_number().over(window)).where(F.col(PLACE) == 1).drop(PLACE, PART, RECORD)


def order_key(key, reverse):
    """A sort key; reversed it puts the last first, NULLs included."""
    ascending = (key["direction"] == "asc") != reverse
    nulls_first = (key["nulls"] == "first") != reverse
    column = quoted(key["column"])
    if ascending:
        return column.asc_nulls_first() if nulls_first else column.asc_nulls_last()
    return column.desc_nulls_first() if nulls_first else column.desc_nulls_last()


def check_threshold(spec, unit, results, quarantine):
    """The same refusal as the DuckDB shaper's, before any Spark work is paid for; Publish checks it again."""
    parsed, rejected = (sum(result["counts"][name] for result in results) for name in ("parsed", "rejected"))
    limits = spec.get("threshold") or {}
    passed = []
    if limits.get("rows") is not None and rejected > limits["rows"]:
        passed.append(f"rows: {limits['rows']}")
    if limits.get("percent") is not None and rejected * 100 > limits["percent"] * parsed:
        passed.append(f"percent: {limits['percent']}")
    if not passed:
        return
    by_code = {}
    for result in results:
        for code, count in result["quarantine"]["byCode"].items():
            by_code[code] = by_code.get(code, 0) + count
    codes = ", ".join(f"{code} {count}" for code, count in sorted(by_code.items(), key=lambda item: -item[1]))
    raise ShapeError(
        "THRESHOLD",
        f"{spec['dataset']}: {rejected} of {parsed} records rejected ({rejected / parsed * 100:.2f} %), more than headraceThreshold {' and '.join(passed)} allows; by code: {codes}. "
        f"Nothing was published. Their bytes and reasons are in {quarantine}. "
        "Fix: mend the source and ingest it again, or correct the contract and start the next attempt of this slot",
        dataset=spec["dataset"], unitId=unit["unitId"], parsed=parsed, rejected=rejected, byCode=by_code,
    )


def refuse_duplicates(rows: DataFrame, names, code, dataset):
    """Raises when values that must be unique in a run stand twice; NULL may stand often in a unique column."""
    values = rows.select(*map(quoted, names))
    if code == "UNIQUE":
        values = values.dropna()
    groups = values.groupBy(*map(quoted, names)).count().where(F.col("count") > 1)
    example = F.concat_ws(", ", *(F.concat(F.lit(f"{name} "), quoted(name).cast("string")) for name in names))
    found = groups.agg(F.count("*").alias("keys"), F.sum("count").alias("copies"), F.min(example).alias("example")).first()
    if found["keys"] == 0:
        return
    what = "the primary key" if code == "KEY" else "the unique column"
    cure = "declare headraceDedupe to keep one record per key" if code == "KEY" else "drop unique from the contract"
    raise ShapeError(
        code,
        f"{dataset}: {found['copies']} records share {found['keys']} values of {what} {', '.join(names)} in one run "
        f"(for example {found['example']}); nothing was published. Fix: {cure}, or mend the source",
        dataset=dataset, key=names, keys=found["keys"], copies=found["copies"],
    )


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
    """Writes the rows, those of one file number in one task and so in one file."""
    names = spec["partitionColumns"]
    types = {column["name"]: column["sparkType"] for column in spec["columns"]}
    # A hash of the row and no running number: a task that Spark repeats must send each row to the same file again.
    spread = F.xxhash64(*map(quoted, spec["primaryKey"] or types))
    if names:
        fields = ", ".join([*(f"_value{index} {types[name]}" for index, name in enumerate(names)), "_first int", "_files int"])
        table = spark.createDataFrame([(*values, first, files) for values, first, files in planned], fields)
        same = [quoted(name).eqNullSafe(F.col(f"_value{index}")) for index, name in enumerate(names)]
        rows = rows.join(F.broadcast(table), on=same, how="left")
        number = F.col("_first") + F.pmod(spread, F.col("_files")).cast("int")
    else:
        number = F.pmod(spread, F.lit(total)).cast("int")
    numbered = rows.select(*map(quoted, types), number.alias(FILE))
    numbered.repartition(min(total, MAX_WRITE_TASKS), F.col(FILE)).write.partitionBy(FILE).mode("errorifexists").parquet(target)


def publish(spark, bucket, prefix, target, names, planned):
    """Puts the written files under their keys, in parallel, and returns the parts of the manifest."""
    place = F.col("_metadata.file_path").alias("path")
    written = spark.read.parquet(target).groupBy(place).count().collect()
    owner = {first + offset: values for values, first, files in planned for offset in range(files)}
    # Begins at a random place: a try that was given up but still runs never meets the files of a later one.
    file = random.randrange(1, 2 ** 32) * 1_000_000
    jobs = []
    for number, row in enumerate(sorted(written, key=lambda each: each["path"])):
        values = [text_of(value) for value in owner[int(re.search(f"/{FILE}=(\\d+)/", row["path"]).group(1))]]
        partition = dict(zip(names, values))
        folders = "".join(f"{name}={encode_partition_value(value)}/" for name, value in partition.items())
        jobs.append((row["path"], bucket, {"key": f"{prefix}{folders}{file + number}.parquet", "records": row["count"], "partition": partition}))
    return spark.sparkContext.parallelize(jobs, max(1, min(len(jobs), MAX_WRITE_TASKS))).map(publish_file).collect() if jobs else []


def text_of(value):
    """A partition value as the catalog and the manifest hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def encode_partition_value(value):
    """A partition value as a path segment; the twin of the runtime's function, and a test compares the two."""
    if value is None:
        return NULL_PARTITION
    if value == NULL_PARTITION:
        return f"%5F{NULL_PARTITION[1:]}"
    safe = "[A-Za-z0-9_-]" if value in (".", "..") else "[A-Za-z0-9_.-]"
    encoded = "".join(chr(byte) if re.match(safe, chr(byte)) else f"%{byte:02X}" for byte in value.encode("utf-8"))
    if len(encoded) <= MAX_PARTITION_VALUE:
        return encoded
    return f"{encoded[:MAX_PARTITION_VALUE - 33]}~{hashlib.sha256(value.encode('utf-8')).hexdigest()[:32]}"


def shape(spark, store: Store, settings, task, unit, spec):
    """Makes the curated files of one unit and returns the members of its result document."""
    bucket, work, folder = settings["curatedBucket"], task["plan"]["bucket"], folder_of(task)
    results = []
    for index in range(unit["firstItem"], unit["firstItem"] + unit["items"]):
        result = store.read_json(work, f"{folder}rows/{index}.json")
        if result is None:
            raise ShapeError("RESULT_MISSING", f"step rows left no result for item {index} of unit {unit['unitId']} in s3://{work}/{folder}", "system", index=index)
        results.append(result)
    place = f"{unit['dataset']}/{unit['unitId']}/"
    check_threshold(spec, unit, results, f"s3://{bucket}/{settings['pipeline']}/quarantine/{place}")
    kept = sum(result["counts"]["kept"] for result in results)
    inputs = [file for result in results for file in result["files"]]
    losers, parts = 0, []
    if kept > 0:
        rows = kept_rows(spark, [store.input(bucket, file["key"]) for file in inputs], spec)
        if spec["dedupe"] is None and spec["primaryKey"]:
            refuse_duplicates(rows, spec["primaryKey"], "KEY", spec["dataset"])
        losers = count_losers(rows, spec)
        planned, total = plan_files(rows, spec, sum(file["bytes"] for file in inputs), kept)
        rows = deduplicated(rows, spec)
        for name in spec["unique"]:
            refuse_duplicates(rows, [name], "UNIQUE", spec["dataset"])
        target = store.scratch(work, f"{folder}shape-{task['index']}-{random.randrange(2 ** 40):010x}/")
        write(spark, rows, spec, planned, total, target)
        parts = publish(spark, bucket, f"{settings['pipeline']}/data/{place}", target, spec["partitionColumns"], planned)
    written = sum(part["records"] for part in parts)
    if kept != written + losers:
        raise ShapeError("BALANCE", f"rows to curated of {place[:-1]}: in kept {kept}, out written {written}, deduplicated {losers}, filtered 0; nothing was published", "system")
    return {"unitId": unit["unitId"], "engine": "spark", "counts": {"kept": kept, "written": written, "deduplicated": losers, "filtered": 0}, "parts": parts}


def folder_of(task):
    key = task["plan"]["key"]
    return key[: key.rindex("/") + 1]


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def say(code, level, message, **data):
    print(json.dumps({"time": now(), "code": code, "level": level, "message": message, "data": data}, ensure_ascii=False), flush=True)


def peak_memory(spark):
    """The largest resident set of the driver's Java process, in bytes; 0 where the system does not tell."""
    try:
        with open(f"/proc/{spark._jvm.java.lang.ProcessHandle.current().pid()}/status", encoding="utf-8") as status:
            return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE).group(1)) * 1024
    except (OSError, AttributeError):
        return 0


def run(spark, settings, task, local=False):
    """One unit of work: ends at once when its result is there already."""
    work, folder, index = task["plan"]["bucket"], folder_of(task), task["index"]
    store = Store(local)
    about = {"step": "shape", "index": index}
    started, clock = now(), time.monotonic()
    try:
        if store.read_json(work, f"{folder}shape/{index}.json") is not None:
            say("TASK_I0003", "info", f"step shape of item {index} was done by an earlier try; its result is kept", **about)
            return
        unit = store.read_json(work, f"{folder}units.json")[index]
        spec = store.read_json(work, f"{folder}shape-{unit['dataset']}.json")
        if spec is None or spec["schemaVersion"] != SCHEMA_VERSION:
            raise ShapeError("DOCUMENT_VERSION", f"s3://{work}/{folder}shape-{unit['dataset']}.json is missing or not of version {SCHEMA_VERSION}; start a new attempt")
        result = shape(spark, store, settings, task, unit, spec)
        timing = {"startedAt": started, "endedAt": now()}
        document = {"schemaVersion": SCHEMA_VERSION, **about, "timing": timing, "peakMemoryBytes": peak_memory(spark), **result}
        store.write_json(work, f"{folder}shape/{index}.json", document, once=True)
        say("CURATE_I1201", "info", f"{unit['dataset']}: {unit['unitId']} shaped", seconds=round(time.monotonic() - clock, 3), **result["counts"], files=len(result["parts"]))
    except Exception as error:
        known = isinstance(error, ShapeError)
        failure = {
            "schemaVersion": SCHEMA_VERSION, **about, "at": now(), "code": error.code if known else "SPARK", "kind": "terminal",
            "fault": error.fault if known else "system", "message": str(error)[:4000], "facts": error.facts if known else {},
        }
        store.write_json(work, f"{folder}errors/shape-{index}.json", failure, once=False)
        say("TASK_E0001", "error", f"step shape failed with {failure['code']}: {failure['message']}", **about)
        raise
    finally:
        store.close()


def session():
    builder = SparkSession.builder.appName("headrace-shape")
    for key, value in SESSION.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    # Glue hands over a session that exists; what can be set on it is set again.
    for key, value in SESSION.items():
        spark.conf.set(key, value)
    # No _SUCCESS object: the result document says what is whole.
    spark._jsc.hadoopConfiguration().set("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
    return spark


def main(argv):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--HEADRACE_SETTINGS", required=True, type=json.loads)
    parser.add_argument("--HEADRACE_TASK", required=True, type=json.loads)
    parser.add_argument("--local-files", choices=["true", "false"], default="false", help="Spark works on local disk, because it has no S3 here")
    # Glue adds arguments of its own.
    arguments, _ = parser.parse_known_args(argv)
    spark = session()
    try:
        run(spark, arguments.HEADRACE_SETTINGS, arguments.HEADRACE_TASK, arguments.local_files == "true")
    finally:
        spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
