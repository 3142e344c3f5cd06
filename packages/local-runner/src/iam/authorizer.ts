import type { AccessDirectory } from './access-directory';
import type { AccessDecision, Authorize } from './access';
import type { Principal } from './principal';

/** A request that was decided, for logs and for tests of what a role really uses. */
export interface DecidedAccess {
  readonly principal: Principal;
  readonly operation: string;
  readonly action: string;
  readonly resource: string;
  readonly allowed: boolean;
  readonly reason: string;
}

export interface AuthorizerOptions {
  readonly directory: AccessDirectory;
  /** Whose access key it is; a role's ARN or a principal, `undefined` for a key that nobody has. */
  readonly principalOf: (accessKeyId: string) => string | Principal | undefined;
  readonly onDecision?: (decided: DecidedAccess) => void;
}

/** Makes the hook by which the local endpoints ask the policies of a deployment. */
export function createAuthorizer(options: AuthorizerOptions): Authorize {
  return (request): AccessDecision => {
    if (request.accessKeyId === undefined) return { allowed: false, code: 'AccessDenied', message: 'Access Denied' };
    const owner = options.principalOf(request.accessKeyId);
    if (owner === undefined) {
      return { allowed: false, code: 'InvalidAccessKeyId', message: 'The AWS Access Key Id you provided does not exist in our records.' };
    }
    const principal = typeof owner === 'string' ? options.directory.principal(owner) : owner;
    for (const need of request.needs) {
      const { allowed, reason } = options.directory.check(principal, need);
      options.onDecision?.({ principal, operation: `${request.service}:${request.operation}`, action: need.action, resource: need.resource, allowed, reason });
      if (!allowed) return { allowed: false, code: 'AccessDenied', message: reason };
    }
    return { allowed: true };
  };
}
