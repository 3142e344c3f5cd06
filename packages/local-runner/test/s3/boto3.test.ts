import { describeWithMoto, runPython } from '../_fixtures/moto';
import { startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

/** What a second SDK, in another language, makes of the endpoint; it signs, chunks and reads errors in its own way. */
const PROGRAM = `
import base64, boto3, io, json, os, sys, urllib.request
from botocore.config import Config
from boto3.s3.transfer import TransferConfig

given = json.load(sys.stdin)
client = boto3.client("s3", endpoint_url=given["url"], region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b",
                      config=Config(s3={"payload_signing_enabled": given["signed"]}, request_checksum_calculation=given["checksums"]))
found = {}

data = os.urandom(6 << 20)
parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
client.upload_fileobj(io.BytesIO(data), "lake", "big é+ x", Config=parts)
back = io.BytesIO()
client.download_fileobj("lake", "big é+ x", back, Config=parts)
found["transfer"] = back.getvalue() == data
client.copy({"Bucket": "lake", "Key": "big é+ x"}, "lake", "copy", Config=parts)
found["copy"] = client.get_object(Bucket="lake", Key="copy")["Body"].read() == data
url = client.generate_presigned_url("get_object", Params={"Bucket": "lake", "Key": "copy"})
found["presigned"] = urllib.request.urlopen(url).read() == data

names = [f"l/{i:02}é +&%" for i in range(11)]
for i, name in enumerate(names):
    client.put_object(Bucket="lake", Key=name, Body=io.BytesIO(b"x" * i))
pages = client.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix="l/", PaginationConfig={"PageSize": 4})
found["listed"] = [item["Key"] for page in pages for item in page["Contents"]] == names
found["deleted"] = len(client.delete_objects(Bucket="lake", Delete={"Objects": [{"Key": name} for name in names]})["Deleted"])

def code(call):
    try:
        call()
    except client.exceptions.ClientError as error:
        return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]

found["taken"] = code(lambda: client.put_object(Bucket="lake", Key="copy", Body=b"1", IfNoneMatch="*"))
found["missing"] = code(lambda: client.get_object(Bucket="lake", Key="none"))
found["bucket"] = code(lambda: client.list_objects_v2(Bucket="none"))
found["digest"] = code(lambda: client.put_object(Bucket="lake", Key="x", Body=b"1", ContentMD5=base64.b64encode(b"0" * 16).decode()))
print(json.dumps(found))
`;

describeWithMoto('boto3 as the client', () => {
  let fixture: S3Fixture;
  beforeAll(async () => { fixture = await startS3Fixture(); });
  afterAll(() => fixture.close());

  test.each([
    ['with its defaults', { signed: false, checksums: 'when_supported' }],
    ['with signed bodies and no checksums', { signed: true, checksums: 'when_required' }],
  ])('%s transfers, lists, deletes, and understands errors', async (_, settings) => {
    expect(await runPython(PROGRAM, { url: fixture.s3.url, ...settings })).toEqual({
      transfer: true, copy: true, presigned: true, listed: true, deleted: 11,
      taken: ['PreconditionFailed', 412], missing: ['NoSuchKey', 404], bucket: ['NoSuchBucket', 404], digest: ['BadDigest', 400],
    });
  });
});
