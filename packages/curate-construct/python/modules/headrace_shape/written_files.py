"""The Parquet files that Spark wrote, and how many rows each has by its own footer."""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

READ_CONCURRENCY = 16


class WrittenFile(NamedTuple):
    uri: str
    bytes: int
    records: int


def written_files(spark, folder):
    """In the order of their addresses. Footers are read through Spark's own Parquet: a query over the files would start a job to learn the same."""
    jvm, conf = spark._jvm, spark._jsc.hadoopConfiguration()
    path = jvm.org.apache.hadoop.fs.Path(folder)
    listed, statuses = path.getFileSystem(conf).listFiles(path, True), []
    while listed.hasNext():
        status = listed.next()
        if status.getPath().getName().endswith(".parquet"):
            statuses.append(status)

    def read(status):
        reader = jvm.org.apache.parquet.hadoop.ParquetFileReader.open(jvm.org.apache.parquet.hadoop.util.HadoopInputFile.fromStatus(status, conf))
        try:
            return WrittenFile(status.getPath().toUri().toASCIIString(), status.getLen(), reader.getRecordCount())
        finally:
            reader.close()

    with ThreadPoolExecutor(READ_CONCURRENCY) as pool:
        return sorted(pool.map(read, statuses))
