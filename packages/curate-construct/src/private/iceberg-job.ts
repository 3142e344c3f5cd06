import { type aws_s3 as s3 } from 'aws-cdk-lib';

/** The catalog of the Spark session that holds the tables; the run time's name of it, and a test compares the two. */
export const ICEBERG_CATALOG = 'headrace';

/** The script of the job. */
export const ICEBERG_SCRIPT = 'iceberg_job.py';

/** What Glue is told so that a session has Iceberg and a catalog: static settings, which a script cannot make. */
export function icebergArguments(bucket: s3.IBucket, pipeline: string): Record<string, string> {
  const catalog = `spark.sql.catalog.${ICEBERG_CATALOG}`;
  const settings: readonly (readonly [string, string])[] = [
    ['spark.sql.extensions', 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions'],
    [catalog, 'org.apache.iceberg.spark.SparkCatalog'],
    [`${catalog}.catalog-impl`, 'org.apache.iceberg.aws.glue.GlueCatalog'],
    [`${catalog}.io-impl`, 'org.apache.iceberg.aws.s3.S3FileIO'],
    [`${catalog}.warehouse`, bucket.s3UrlForObject(`${pipeline}/iceberg`)],
    // What another run did to a table must be seen at once.
    [`${catalog}.cache-enabled`, 'false'],
  ];
  // Glue takes several settings as one argument that repeats its own name.
  return { '--datalake-formats': 'iceberg', '--conf': settings.map(([name, value]) => `${name}=${value}`).join(' --conf ') };
}
