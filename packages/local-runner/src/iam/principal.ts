/** Who asks: a role, or a service of AWS acting for itself. */
export interface RolePrincipal {
  readonly kind: 'role';
  /** `arn:aws:iam::<account>:role/<path><name>` */
  readonly arn: string;
  /** Last part of the session's ARN. Default: `headrace`. */
  readonly sessionName?: string;
  /** Path of the construct that made the role, for messages. */
  readonly path?: string;
}

export interface ServicePrincipal {
  readonly kind: 'service';
  /** For example `ecs-tasks.amazonaws.com`. */
  readonly service: string;
}

export type Principal = RolePrincipal | ServicePrincipal;

const DEFAULT_SESSION = 'headrace';

/** Account of an ARN; empty for those that have none, such as buckets. */
export function accountOf(arn: string): string {
  return arn.split(':')[4] ?? '';
}

export function roleName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

/** ARN of the session in which a role acts, as AWS names it in messages; paths of roles are not in it. */
export function sessionArn(role: RolePrincipal): string {
  const partition = role.arn.split(':')[1] ?? 'aws';
  return `arn:${partition}:sts::${accountOf(role.arn)}:assumed-role/${roleName(role.arn)}/${role.sessionName ?? DEFAULT_SESSION}`;
}

/** How a `Principal` element names somebody: directly, or by account, which only delegates to the account's own policies. */
export type PrincipalMatch = 'direct' | 'account' | 'none';

export function matchPrincipal(principals: Readonly<Record<string, readonly string[]>>, principal: Principal): PrincipalMatch {
  if (principal.kind === 'service') {
    const services = principals.Service ?? [];
    return services.includes(principal.service) || (principals.AWS ?? []).includes('*') ? 'direct' : 'none';
  }
  const account = accountOf(principal.arn);
  const partition = principal.arn.split(':')[1] ?? 'aws';
  const own = new Set(['*', principal.arn, sessionArn(principal)]);
  const named = principals.AWS ?? [];
  if (named.some((name) => own.has(name))) return 'direct';
  return named.some((name) => name === account || name === `arn:${partition}:iam::${account}:root`) ? 'account' : 'none';
}

/** Whether a `NotPrincipal` element excludes somebody; AWS wants the account beside the role there. */
export function isExcepted(principals: Readonly<Record<string, readonly string[]>>, principal: Principal): boolean {
  return matchPrincipal(principals, principal) !== 'none';
}
