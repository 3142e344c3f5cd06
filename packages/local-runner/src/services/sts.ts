import { defineService } from '../gateway/define-service';
import type { QueryInput } from '../gateway/query-protocol';
import { LOCAL_ACCOUNT, ServiceError, type ServiceApi, type ServiceCall } from '../gateway/service-api';
import type { Evaluation } from '../iam/evaluate';
import { sessionArn, type Principal, type RolePrincipal } from '../iam/principal';

export interface AssumedRole { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken: string }

export interface StsPort {
  /** Whose access key it is. */
  principalOf(accessKeyId: string): Principal | undefined;
  /** Whether a principal may assume a role, by both policies. */
  checkTrust(roleArn: string, principal: Principal, context: Readonly<Record<string, readonly string[]>>): Evaluation;
  /** Makes an access key for a session of a role. */
  issue(role: RolePrincipal): AssumedRole;
}

/** A session's length where the caller names none, as on AWS; keys of the local stack do not really end. */
const DEFAULT_DURATION_SECONDS = 3600;

export function stsApi(port: StsPort): ServiceApi {
  return defineService({
    service: 'sts',
    protocol: 'query',
    namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
    operations: {
      GetCallerIdentity: (_input, call) => {
        const principal = requirePrincipal(port, call);
        if (principal.kind === 'service') return { Arn: principal.service, UserId: principal.service, Account: LOCAL_ACCOUNT };
        const arn = sessionArn(principal);
        return { Arn: arn, UserId: `AROALOCAL:${arn.slice(arn.lastIndexOf('/') + 1)}`, Account: LOCAL_ACCOUNT };
      },
      AssumeRole: (input: QueryInput, call) => {
        const principal = requirePrincipal(port, call);
        const [roleArn, session] = [requireText(input, 'RoleArn'), requireText(input, 'RoleSessionName')];
        const context: Record<string, string[]> = { 'sts:RoleSessionName': [session] };
        if (typeof input.ExternalId === 'string') context['sts:ExternalId'] = [input.ExternalId];
        const { allowed, reason } = port.checkTrust(roleArn, principal, context);
        if (!allowed) throw new ServiceError('AccessDenied', reason, 403);
        const role: RolePrincipal = { kind: 'role', arn: roleArn, sessionName: session };
        const key = port.issue(role);
        const seconds = Number(input.DurationSeconds ?? DEFAULT_DURATION_SECONDS);
        return {
          AssumedRoleUser: { Arn: sessionArn(role), AssumedRoleId: `AROALOCAL:${session}` },
          Credentials: {
            AccessKeyId: key.accessKeyId, SecretAccessKey: key.secretAccessKey, SessionToken: key.sessionToken,
            Expiration: new Date(Date.now() + seconds * 1000).toISOString(),
          },
        };
      },
    },
  });
}

function requirePrincipal(port: StsPort, call: ServiceCall): Principal {
  const principal = port.principalOf(call.accessKeyId);
  if (principal === undefined) throw new ServiceError('InvalidClientTokenId', 'The security token included in the request is invalid.', 403);
  return principal;
}

function requireText(input: QueryInput, name: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value === '') {
    throw new ServiceError('ValidationError', `1 validation error detected: Value at '${name}' failed to satisfy constraint: Member must not be null`);
  }
  return value;
}
