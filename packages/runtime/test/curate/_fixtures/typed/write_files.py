"""Writes the files beside it with pyarrow 26 and fastavro 1.13: python write_files.py. They are committed, so that tests need no Python."""

import datetime as dt
import decimal
import os
import uuid

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = os.path.dirname(os.path.abspath(__file__))
D = decimal.Decimal
UTC = dt.timezone.utc


def write(name, columns, **options):
    pq.write_table(pa.table(columns), os.path.join(FOLDER, name), compression=options.pop("compression", "snappy"), **options)


# Every type that a contract can have from Parquet, at its ends.
write("types.parquet", {
    "i8": pa.array([-128, 127, None], pa.int8()),
    "i64": pa.array([-2**63, 2**63 - 1, None], pa.int64()),
    "u64": pa.array([0, 2**64 - 1, None], pa.uint64()),
    "dec": pa.array([D("-0.05"), D("99999999.99"), None], pa.decimal128(10, 2)),
    "dec38": pa.array([D("-" + "9" * 38), D(1), None], pa.decimal128(38, 0)),
    "f32": pa.array([0.1, float("nan"), None], pa.float32()),
    "f64": pa.array([-0.0, float("-inf"), 5e-324], pa.float64()),
    "wide": pa.array([0.1, 3.4028234663852886e38, None], pa.float32()),
    "flag": pa.array([True, False, None]),
    "text": pa.array(["Åland 😀", "", None], pa.string()),
    "code": pa.array(["a", "b", None]).dictionary_encode(),
    "raw": pa.array([b"\xff\x00", b"", None], pa.binary()),
    "fixed": pa.array([b"abc", b"\x00\x00\x00", None], pa.binary(3)),
    "id": pa.array([uuid.UUID(int=1).bytes, uuid.UUID(int=2**128 - 1).bytes, None], pa.uuid()),
    "day": pa.array([dt.date(1, 1, 1), dt.date(9999, 12, 31), None]),
    "local_ms": pa.array([dt.datetime(2024, 2, 29, 10), dt.datetime(1, 1, 1), None], pa.timestamp("ms")),
    "local_us": pa.array([dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), None], pa.timestamp("us")),
    "instant": pa.array([dt.datetime(2024, 2, 29, 10, 0, 0, 1, UTC), dt.datetime(1, 1, 1, tzinfo=UTC), None], pa.timestamp("us", "Europe/Berlin")),
    "clock": pa.array([dt.time(23, 59, 59, 999999), dt.time(0), None], pa.time64("us")),
}, compression="zstd")

# One type a column that no contract type takes, or that readers tell differently.
write("refused.parquet", {
    "local_ns": pa.array([1709200800123456789, 1709200800123456000, None], pa.timestamp("ns")),
    "instant_ns": pa.array([1, 2, None], pa.timestamp("ns", "UTC")),
    "clock_ns": pa.array([1, 2, None], pa.time64("ns")),
    "dec76": pa.array([D("1.5"), None, None], pa.decimal256(50, 2)),
    "local": pa.array([dt.datetime(2024, 2, 29), None, None], pa.timestamp("us")),
    "instant": pa.array([dt.datetime(2024, 2, 29, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
    "list": pa.array([[1], None, None]),
    "struct": pa.array([{"a": 1}, None, None]),
    "map": pa.array([[("a", 1)], None, None], pa.map_(pa.string(), pa.int64())),
    "f64": pa.array([0.5, None, None], pa.float64()),
    "i64": pa.array([1, None, None], pa.int64()),
    "text": pa.array(["2024-02-29", "29.02.2024", None]),
    "raw": pa.array([b"\xff", b"ok", None], pa.binary()),
    "nothing": pa.nulls(3),
})
write("int96.parquet", {"at": pa.array([dt.datetime(2024, 2, 29)], pa.timestamp("us"))}, use_deprecated_int96_timestamps=True)

# The countries of one-table-in-all-formats.test.ts.
write("countries.parquet", {
    "code": ["AX", "CI", "CW", "JP", "NA", "XK"],
    "name": ["Åland", "Côte d'Ivoire", "Curaçao", "日本", "NA", " Kosovo\t"],
    "area": pa.array([D("13324.10"), D("322463.00"), None, D("123456789012345678901234567890123456.78"), D("-0.01"), D("10887.00")], pa.decimal128(38, 2)),
    "people": pa.array([30129, 2**64 - 1, None, 0, 1, 2], pa.uint64()),
    "since": [dt.date(1920, 5, 7), dt.date(1960, 8, 7), None, dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(2008, 2, 17)],
    "density": [19.0, -0.0, float("nan"), float("inf"), 5e-324, 1.7976931348623157e308],
    "island": [True, False, None, True, False, False],
    "note": ["", 'says "hello", <b>&amp;</b>', None, "two\nlines", "null", ']]> 😀 ,,""'],
}, row_group_size=2)

# Rejects: the first, one in the middle, the last.
write("poison.parquet", {
    "id": pa.array([-1, 2, 3, 4, 5], pa.int64()),
    "name": ["ok", 'a "quoted"\nname', "x\0y", "", "long enough"],
    "at": pa.array([dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 3), None, dt.datetime(2024, 1, 5)], pa.timestamp("us")),
}, row_group_size=2)


def avro(name, fields, rows, codec="null", **options):
    schema = fastavro.parse_schema({"type": "record", "name": "Row", "namespace": "test", "fields": [{"name": n, "type": t} for n, t in fields.items()]})
    with open(os.path.join(FOLDER, name), "wb") as out:
        fastavro.writer(out, schema, [dict(zip(fields, row)) for row in rows], codec=codec, sync_marker=b"0123456789abcdef", **options)


def logical(kind, name, **more):
    return ["null", {"type": kind, "logicalType": name, **more}]


avro("types.avro", {
    "i32": ["null", "int"], "i64": "long", "dec": logical("bytes", "decimal", precision=10, scale=2),
    "dec38": ["null", {"type": "fixed", "name": "d16", "size": 16, "logicalType": "decimal", "precision": 38, "scale": 0}],
    "f32": "float", "f64": "double", "wide": "float", "flag": ["null", "boolean"], "text": ["null", "string"],
    "code": ["null", {"type": "enum", "name": "Code", "symbols": ["a", "b"]}], "code2": ["null", "Code"], "raw": ["null", "bytes"],
    "id": logical("string", "uuid"), "day": logical("int", "date"), "local_ms": logical("long", "local-timestamp-millis"),
    "local_us": logical("long", "local-timestamp-micros"), "instant": logical("long", "timestamp-micros"), "instant_ms": logical("long", "timestamp-millis"),
    "clock": logical("long", "time-micros"), "clock_ms": logical("int", "time-millis"), "left": ["null", {"type": "array", "items": "long"}],
}, [
    [-2**31, -2**63, D("-0.05"), D("-" + "9" * 38), 0.1, -0.0, 0.1, True, "Åland 😀", "a", "b", b"\xff\x00", uuid.UUID(int=1), dt.date(1, 1, 1),
     dt.datetime(2024, 2, 29, 10), dt.datetime(9999, 12, 31, 23, 59, 59, 999999), dt.datetime(2024, 2, 29, 10, 0, 0, 1, UTC), dt.datetime(1969, 12, 31, 23, 59, 59, 999000, UTC),
     dt.time(23, 59, 59, 999999), dt.time(0, 0, 0, 1000), [1]],
    [2**31 - 1, 2**63 - 1, D("99999999.99"), D(1), float("nan"), float("-inf"), 3.4028234663852886e38, False, "", "b", "a", b"", uuid.UUID(int=2**128 - 1), dt.date(9999, 12, 31),
     dt.datetime(1, 1, 1), dt.datetime(1969, 12, 31, 23, 59, 59, 999999), dt.datetime(1, 1, 1, tzinfo=UTC), dt.datetime(2024, 2, 29, tzinfo=UTC), dt.time(0), dt.time(23, 59, 59, 999000), None],
    [None, 0, None, None, 1.5, 5e-324, 0.0, *[None] * 14],
], codec="deflate")

avro("refused.avro", {
    "union": ["null", "int", "string"], "local": logical("long", "local-timestamp-micros"), "instant": logical("long", "timestamp-micros"), "f64": "double", "i64": "long",
    "nanos": logical("long", "timestamp-nanos"), "list": {"type": "array", "items": "int"}, "text": "string", "raw": "bytes",
}, [[1, None, None, 0.5, 1, 1709200800123456789, [], "29.02.2024", b""], ["x", None, None, 0.5, 3 * 10**9, 1709200800123456000, [1], "2024-02-29", b"\xff"]])

COUNTRIES = {
    "code": "string", "name": "string", "area": logical("bytes", "decimal", precision=38, scale=2), "people": logical("bytes", "decimal", precision=20, scale=0),
    "since": logical("int", "date"), "density": "double", "island": ["null", "boolean"], "note": ["null", "string"],
}
for codec in ["null", "snappy", "zstandard"]:
    avro(f"countries.{codec}.avro", COUNTRIES, zip(*pq.read_table(os.path.join(FOLDER, "countries.parquet")).cast(pa.schema([
        ("code", pa.string()), ("name", pa.string()), ("area", pa.decimal128(38, 2)), ("people", pa.decimal128(20, 0)),
        ("since", pa.date32()), ("density", pa.float64()), ("island", pa.bool_()), ("note", pa.string()),
    ])).to_pydict().values()), codec=codec, sync_interval=64)

# The third name is not UTF-8: its last byte is replaced in the file.
avro("poison.avro", {"id": "long", "name": "string", "at": logical("long", "local-timestamp-micros")}, [
    [-1, "ok", dt.datetime(2024, 1, 1)], [2, 'a "quoted"\nname', dt.datetime(2024, 1, 2)], [3, "BROKEN!", dt.datetime(2024, 1, 3)], [4, "", None],
    [5, "long enough", dt.datetime(2024, 1, 5)],
], sync_interval=48)
with open(os.path.join(FOLDER, "poison.avro"), "r+b") as file:
    content = file.read().replace(b"BROKEN!", b"BROKEN\xff")
    file.seek(0)
    file.write(content)

# Objects and arrays: at their ends, NULL against empty, in orders and with members that the contract does not have.
ITEM = pa.struct([("qty", pa.int32()), ("price", pa.decimal128(38, 9)), ("ratio", pa.float64())])
NESTED = [
    {"id": 1, "who": {"Name": "Åland 😀", "since": dt.datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), "more": True}, "tags": ["a", "", None, "says \"hello\"\\\n"],
     "lines": [{"qty": -2**31, "price": D("12345678901234567890123456789.123456789"), "ratio": -0.0}, None, {"qty": None, "price": None, "ratio": float("nan")}], "deep": [[b"\xff\x00"], [], None]},
    {"id": 2, "who": {"Name": None, "since": None, "more": None}, "tags": [], "lines": [], "deep": []},
    {"id": 3, "who": None, "tags": None, "lines": None, "deep": None},
    {"id": 4, "who": {"Name": "x", "since": None, "more": None}, "tags": ["ok", "x\0y"], "lines": [{"qty": 2**31 - 1, "price": D("-0.000000001"), "ratio": 0.1}], "deep": [[None]]},
]
pq.write_table(pa.Table.from_pylist(NESTED, pa.schema([
    ("id", pa.int64()), ("who", pa.struct([("more", pa.bool_()), ("Name", pa.string()), ("since", pa.timestamp("us", "UTC"))])), ("tags", pa.list_(pa.string())),
    ("lines", pa.list_(ITEM)), ("deep", pa.list_(pa.list_(pa.binary()))),
])), os.path.join(FOLDER, "nested.parquet"))
avro("nested.avro", {
    "id": "long", "who": ["null", {"type": "record", "name": "Who", "fields": [{"name": "more", "type": ["null", "boolean"]}, {"name": "Name", "type": ["null", "string"]}, {"name": "since", "type": logical("long", "timestamp-micros")}]}],
    "tags": ["null", {"type": "array", "items": ["null", "string"]}],
    "lines": ["null", {"type": "array", "items": ["null", {"type": "record", "name": "Line", "fields": [
        {"name": "qty", "type": ["null", "int"]}, {"name": "price", "type": logical("bytes", "decimal", precision=38, scale=9)}, {"name": "ratio", "type": ["null", "double"]}]}]}],
    "deep": ["null", {"type": "array", "items": ["null", {"type": "array", "items": ["null", "bytes"]}]}], "again": ["null", "Who"],
}, [[*row.values(), row["who"]] for row in NESTED])
