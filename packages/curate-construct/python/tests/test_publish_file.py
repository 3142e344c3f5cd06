"""One PUT for each file, against the S3 of moto."""

import hashlib

import boto3
import pytest
from moto import mock_aws

from headrace_shape.curated_files import publish_file
from headrace_shape.object_store import Store, s3_client


@pytest.fixture
def bucket(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        s3_client.cache_clear()
        boto3.client("s3").create_bucket(Bucket="curated")
        yield "curated"
    s3_client.cache_clear()


def job(tmp_path, content):
    # Spark tells paths as URLs, and a state folder may have a space in its name.
    folder = tmp_path / "my state"
    folder.mkdir(exist_ok=True)
    (folder / "part").write_bytes(content)
    return f"file://{str(folder / 'part').replace(' ', '%20')}", "curated", {"key": "data/1.parquet", "records": 1, "partition": {}}


def test_a_part_tells_bytes_and_hash_of_its_object(bucket, tmp_path):
    part = publish_file(job(tmp_path, b"rows"))
    assert part == {"key": "data/1.parquet", "records": 1, "partition": {}, "bytes": 4, "sha256": hashlib.sha256(b"rows").hexdigest()}
    assert boto3.client("s3").get_object(Bucket=bucket, Key="data/1.parquet")["Body"].read() == b"rows"


def test_a_task_that_spark_repeats_comes_to_the_same_part(bucket, tmp_path):
    assert publish_file(job(tmp_path, b"rows")) == publish_file(job(tmp_path, b"rows"))


def test_an_object_with_other_bytes_is_never_replaced(bucket, tmp_path):
    publish_file(job(tmp_path, b"rows"))
    with pytest.raises(RuntimeError, match="WRITE_ONCE: s3://curated/data/1.parquet exists already with other bytes"):
        publish_file(job(tmp_path, b"others"))
    assert boto3.client("s3").get_object(Bucket=bucket, Key="data/1.parquet")["Body"].read() == b"rows"


def test_the_first_result_document_counts(bucket):
    store = Store()
    for value in (1, 2):
        store.write_json(bucket, "shape/0.json", {"value": value}, once=True)
    assert store.read_json(bucket, "shape/0.json") == {"value": 1}
    assert store.read_json(bucket, "shape/1.json") is None
