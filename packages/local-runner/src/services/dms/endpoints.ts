import { readFileSync } from 'node:fs';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Client } from 'pg';
import type { Deployment } from '../../stack/deployment';
import type { AccessDirectory } from '../../iam/access-directory';
import type { AccessKey } from '../../stack/principals';
import { externalTables, type ExternalTable } from './external-tables';
import type { SourceFiles } from './load-table';
import { DmsRefusal, type Document } from './refusal';

/** What endpoints need of the stack. */
export interface EndpointSurroundings {
  readonly deployment: Deployment;
  readonly access: AccessDirectory;
  readonly keyOf: (roleArn: string) => AccessKey;
  /** The text of a secret; undefined where the assembly makes none of that ARN. */
  readonly secret: (arn: string) => string | undefined;
  readonly endpoint: string;
  /** PEM of the authority that signed the certificates of local databases; undefined without databases. */
  readonly certificate?: string;
}

export interface DmsSource {
  readonly tables: readonly ExternalTable[];
  readonly files: SourceFiles;
}

const S3_SETTINGS = ['BucketName', 'BucketFolder', 'ServiceAccessRoleArn', 'ExternalTableDefinition', 'CsvDelimiter', 'CsvRowDelimiter', 'CsvNullValue', 'Rfc4180', 'IgnoreHeaderRows', 'ExpectedBucketOwner', 'DataFormat', 'CdcPath'];

/** Opens the source endpoint of the template: an S3 bucket, read with the endpoint's own role. Throws what a test of the connection would tell. */
export async function openSource(arn: string, around: EndpointSurroundings): Promise<DmsSource> {
  const { EngineName, S3Settings: settings } = endpointOf(arn, 'source', around);
  if (EngineName !== 's3' || settings === undefined) throw new DmsRefusal(`the local runner serves s3 as source, got ${EngineName}`);
  const unknown = Object.keys(settings).filter((name) => !S3_SETTINGS.includes(name));
  if (unknown.length > 0) throw new DmsRefusal(`S3Settings ${unknown.join(', ')} is not among the settings of an S3 source`);
  if (settings.DataFormat !== undefined && String(settings.DataFormat).toLowerCase() !== 'csv') throw new DmsRefusal('the local runner serves CSV; of Parquet, DMS reads only what DMS itself has written');
  const role = assumed(String(settings.ServiceAccessRoleArn), 'dms.amazonaws.com', around);
  const bucket = around.deployment.assembly.ofType('AWS::S3::Bucket').find(({ ref }) => ref === settings.BucketName);
  if ((bucket?.properties.VersioningConfiguration as Document | undefined)?.Status === 'Enabled') {
    throw new DmsRefusal(`the bucket ${settings.BucketName} is versioned: don't enable versioning for S3, you might encounter endpoint test connection failures because of a list-object call timeout`);
  }
  const s3 = new S3Client({ endpoint: around.endpoint, region: around.deployment.region, credentials: around.keyOf(role), forcePathStyle: true });
  const folder = settings.BucketFolder === undefined || settings.BucketFolder === '' ? '' : `${settings.BucketFolder}/`;
  await s3.send(new ListObjectsV2Command({ Bucket: String(settings.BucketName), MaxKeys: 1 }));
  return {
    tables: externalTables(settings.ExternalTableDefinition),
    files: {
      s3, bucket: String(settings.BucketName), folder, delimiter: String(settings.CsvDelimiter ?? ','), rowDelimiter: String(settings.CsvRowDelimiter ?? '\n'),
      nullValue: String(settings.CsvNullValue ?? ''), rfc4180: String(settings.Rfc4180 ?? 'true') !== 'false', headerRows: Number(settings.IgnoreHeaderRows ?? 0),
    },
  };
}

/** Connects to the target endpoint of the template: PostgreSQL, with what its secret says. The caller ends the connection. */
export async function openTarget(arn: string, around: EndpointSurroundings): Promise<Client> {
  const { EngineName, PostgreSqlSettings: settings, DatabaseName, SslMode = 'none' } = endpointOf(arn, 'target', around);
  if (!['postgres', 'aurora-postgresql'].includes(String(EngineName)) || settings === undefined) throw new DmsRefusal(`the local runner serves postgres as target, got ${EngineName}`);
  const { SecretsManagerSecretId: secretArn, SecretsManagerAccessRoleArn: roleArn } = settings;
  const role = assumed(String(roleArn), `dms.${around.deployment.region}.amazonaws.com`, around);
  const { allowed, reason } = around.access.check(role, { action: 'secretsmanager:GetSecretValue', resource: String(secretArn) });
  if (!allowed) throw new DmsRefusal(reason);
  const { host, port, username, password } = JSON.parse(around.secret(String(secretArn)) ?? '{}') as { host?: string; port?: number; username?: string; password?: string };
  const missing = Object.entries({ host, port, username, password }).filter(([, value]) => value === undefined).map(([name]) => name);
  if (missing.length > 0) throw new DmsRefusal(`the secret ${secretArn} has no ${missing.join(', ')}, which DMS reads from it`);
  const ssl = SslMode === 'none' ? false : { rejectUnauthorized: SslMode === 'verify-full', ca: around.certificate === undefined ? undefined : readFileSync(around.certificate, 'utf8') };
  const client = new Client({ host, port: Number(port), user: username, password, database: String(DatabaseName), ssl, application_name: 'AWS DMS (local stand-in)' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function endpointOf(arn: string, type: 'source' | 'target', { deployment }: EndpointSurroundings): Document {
  const found = deployment.assembly.ofType('AWS::DMS::Endpoint').find(({ ref }) => ref === arn);
  if (found === undefined) throw new DmsRefusal(`Endpoint ${arn} not found.`);
  if (found.properties.EndpointType !== type) throw new DmsRefusal(`endpoint ${arn} is a ${found.properties.EndpointType}, not a ${type}`);
  return found.properties as Document;
}

/** The role, once its trust policy lets DMS have it. */
function assumed(roleArn: string, service: string, { access }: EndpointSurroundings): string {
  const { allowed, reason } = access.checkTrust(roleArn, { kind: 'service', service });
  if (!allowed) throw new DmsRefusal(reason);
  return roleArn;
}
