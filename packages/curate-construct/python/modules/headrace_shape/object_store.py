"""Objects, through boto3: Spark itself reads and writes files only."""

import functools
import json
import os
import shutil
import tempfile

import boto3
from botocore.exceptions import ClientError


class Store:
    """Small documents through boto3; Spark's own files on s3://, or on local disk where Spark has no S3 (`local`)."""

    def __init__(self, local=False):
        self.local = local
        self.folder = tempfile.mkdtemp(prefix="headrace-shape-") if local else None
        self.inputs = 0

    def close(self):
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def input(self, bucket, key):
        """Where Spark reads an object."""
        if not self.local:
            return f"s3://{bucket}/{key}"
        path = os.path.join(self.folder, f"{self.inputs}.parquet")
        self.inputs += 1
        s3_client().download_file(bucket, key, path)
        return path

    def data(self, bucket, key):
        """Where Spark reads an object, in folders that are named as in its key."""
        if not self.local:
            return f"s3://{bucket}/{key}"
        path = os.path.join(self.folder, key)
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            s3_client().download_file(bucket, key, path)
        return path

    def data_folder(self, bucket, prefix):
        """Where the objects below a prefix lie for `data`, without a scheme."""
        return os.path.join(self.folder, prefix) if self.local else f"{bucket}/{prefix}"

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


@functools.lru_cache(maxsize=None)
def s3_client(once=False):
    """One client for each process: making one takes longer than most requests."""
    client = boto3.client("s3")
    if once:
        # By header: the boto3 of Glue is older than the parameter.
        client.meta.events.register("before-call.s3.PutObject", lambda params, **_: params["headers"].update({"If-None-Match": "*"}))
    return client
