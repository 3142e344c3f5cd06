import { join } from 'node:path';
import { startGateway, type Gateway } from '../../src/gateway/start-gateway';
import type { ServiceApi } from '../../src/gateway/service-api';
import { AccessDirectory, type PolicyResource } from '../../src/iam/access-directory';
import { createAuthorizer, type DecidedAccess } from '../../src/iam/authorizer';
import type { PolicyStatement } from '../../src/iam/policy-document';
import { temporaryFolder } from './s3-fixture';

export const ACCOUNT = '000000000000';
export const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;

/** A role as a template resolves to, with one inline policy. */
export function role(name: string, statements: readonly PolicyStatement[], more: Record<string, unknown> = {}): PolicyResource {
  return {
    type: 'AWS::IAM::Role', ref: name, path: `App/${name}`, attributes: { Arn: roleArn(name) },
    properties: {
      AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs-tasks.amazonaws.com' } }] },
      Policies: statements.length > 0 ? [{ PolicyName: 'Inline', PolicyDocument: { Version: '2012-10-17', Statement: statements } }] : [],
      ...more,
    },
  };
}

export interface ClientSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
}

export interface GatewayFixture {
  readonly gateway: Gateway;
  readonly dir: string;
  readonly directory: AccessDirectory;
  readonly decisions: DecidedAccess[];
  /** Client settings of a role: its access key is `KEY-<role name>`. */
  as(name: string): ClientSettings;
  close(): Promise<void>;
}

/** A gateway whose roles are those of the resources given. */
export async function startGatewayFixture(
  resources: readonly PolicyResource[], services: (dir: string) => readonly ServiceApi[], buckets: readonly string[] = ['lake'],
): Promise<GatewayFixture> {
  const folder = temporaryFolder();
  const directory = new AccessDirectory(resources);
  const decisions: DecidedAccess[] = [];
  const authorize = createAuthorizer({
    directory,
    principalOf: (key) => directory.roleArns.find((arn) => key === `KEY-${arn.split('/').at(-1)}`),
    onDecision: (decided) => decisions.push(decided),
  });
  const gateway = await startGateway({ s3: { dir: join(folder.dir, 's3'), buckets }, authorize, services: services(folder.dir) });
  return {
    gateway, dir: folder.dir, directory, decisions,
    as: (name) => ({
      endpoint: gateway.url, region: 'us-east-1', credentials: { accessKeyId: `KEY-${name}`, secretAccessKey: 'unused' }, maxAttempts: 1,
    }),
    close: async () => {
      await gateway.close();
      folder.remove();
    },
  };
}
