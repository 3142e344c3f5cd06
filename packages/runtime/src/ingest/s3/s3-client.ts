import { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { transientError, userError } from '../../errors/pipeline-error';
import { receiveBuffer } from '../../stores/receive-buffer';
import type { S3SourceSettings } from './s3-settings';

/** Names under which STS says no for good. */
const TERMINAL = new Set(['AccessDenied', 'AccessDeniedException', 'MalformedPolicyDocument', 'ValidationError', 'RegionDisabledException']);

type Credentials = NonNullable<Exclude<ConstructorParameters<typeof S3Client>[0], undefined | []>['credentials']>;

/** A client for the source's bucket, wherever its region is and whoever's account it is in. */
export function sourceClient(source: S3SourceSettings, sts?: STSClient): S3Client {
  return new S3Client({
    followRegionRedirects: true,
    // Retries of requests are the client's; a body that breaks is the reader's.
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000, httpAgent: receiveBuffer(), httpsAgent: receiveBuffer() },
    ...(source.roleArn === undefined ? {} : { credentials: assumeRole(source.roleArn, source.externalId, sts) }),
  });
}

/** Asked again by the client before the session ends, so a read may take longer than a session. */
function assumeRole(roleArn: string, externalId: string | undefined, given?: STSClient): Credentials {
  let client = given;
  return async () => {
    client ??= new STSClient({});
    try {
      const { Credentials: session } = await client.send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'headrace-ingest', ExternalId: externalId }));
      const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = session!;
      return { accessKeyId: AccessKeyId!, secretAccessKey: SecretAccessKey!, sessionToken: SessionToken, expiration: Expiration };
    } catch (error) {
      const { name, message } = error as Error;
      const about = `the role ${roleArn} cannot be assumed (${name}: ${message})`;
      throw TERMINAL.has(name)
        ? userError('SOURCE_DENIED', `${about}; its trust policy must name the stage's task role and Plan function role${externalId === undefined ? ', and an external id that it asks for must be given as externalId' : ` with the external id ${JSON.stringify(externalId)}`}`, { roleArn }, error)
        : transientError('SOURCE_UNAVAILABLE', `${about}; it is tried again`, { roleArn }, error);
    }
  };
}
