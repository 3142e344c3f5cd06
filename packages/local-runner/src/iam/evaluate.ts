import { checkConditions, type ConditionContext } from './conditions';
import { readPolicy, type PolicyDocument, type PolicyKind, type Statement } from './policy-document';
import { isExcepted, matchPrincipal, sessionArn, type Principal } from './principal';
import { requestContext } from './request-context';
import { matchesPattern, matchesResource } from './wildcard';

export interface EvaluationRequest {
  /** A role's ARN, or a principal. */
  readonly principal: string | Principal;
  readonly identityPolicies: readonly PolicyDocument[];
  /** Policies of the resource that is asked for. */
  readonly resourcePolicies?: readonly PolicyDocument[];
  /** Policies that limit what the identity policies can allow. */
  readonly permissionsBoundary?: readonly PolicyDocument[];
  /** For example `s3:GetObject`. */
  readonly action: string;
  /** ARN, or `*` for actions without one. */
  readonly resource: string;
  /** Condition keys beside those that every request has. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

export interface Evaluation {
  readonly allowed: boolean;
  /** In AWS's own words, with what is known here about the role and the policies that nearly fit. */
  readonly reason: string;
}

/** What the policies of one kind say together. */
interface Verdict {
  readonly effect: 'deny' | 'allow' | 'none';
  /** Things that could not be decided, and therefore counted against the request. */
  readonly unknown: readonly string[];
  /** Resources on which the action would have been allowed. */
  readonly elsewhere: readonly string[];
}

/** Decides a request within one account, as IAM does: a deny wins, else the role's or the resource's policy must allow. */
export function evaluate(request: EvaluationRequest): Evaluation {
  const principal = typeof request.principal === 'string' ? { kind: 'role', arn: request.principal } as const : request.principal;
  const context = requestContext(principal, request);
  const ask = (policies: readonly PolicyDocument[], kind: PolicyKind) => judge(policies, kind, request, principal, context);
  const identity = ask(request.identityPolicies, 'identity');
  const resource = ask(request.resourcePolicies ?? [], 'resource');
  const boundary = request.permissionsBoundary ? ask(request.permissionsBoundary, 'identity') : undefined;
  const deny = (why: string) => ({ allowed: false, reason: explain(principal, request, why, [identity, resource]) });

  if (identity.effect === 'deny') return deny('with an explicit deny in an identity-based policy');
  if (resource.effect === 'deny') return deny('with an explicit deny in a resource-based policy');
  if (boundary?.effect === 'deny') return deny('with an explicit deny in a permissions boundary');
  if (resource.effect === 'allow') return { allowed: true, reason: 'allowed by a resource-based policy' };
  if (identity.effect === 'allow') {
    if (boundary && boundary.effect !== 'allow') return deny(`because no permissions boundary allows the ${request.action} action`);
    return { allowed: true, reason: 'allowed by an identity-based policy' };
  }
  const kind = principal.kind === 'role' ? 'identity' : 'resource';
  return deny(`because no ${kind}-based policy allows the ${request.action} action`);
}

export interface TrustRequest {
  readonly trustPolicy: PolicyDocument;
  readonly roleArn: string;
  readonly principal: Principal;
  /** Identity policies of the principal, needed where the trust policy only names its account. */
  readonly identityPolicies?: readonly PolicyDocument[];
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** Decides whether somebody may assume a role. */
export function evaluateTrust(request: TrustRequest): Evaluation {
  const { principal, roleArn } = request;
  const asked = { action: 'sts:AssumeRole', resource: roleArn, context: request.context };
  const context = requestContext(principal, asked);
  const trust = judge([request.trustPolicy], 'trust', asked, principal, context);
  const identity = judge(request.identityPolicies ?? [], 'identity', asked, principal, context);
  const deny = (why: string) => ({ allowed: false, reason: explain(principal, asked, why, [trust, identity]) });
  if (identity.effect === 'deny') return deny('with an explicit deny in an identity-based policy');
  if (trust.effect === 'deny') return deny('with an explicit deny in the role trust policy');
  if (trust.effect === 'allow') return { allowed: true, reason: 'allowed by the role trust policy' };
  const delegated = readPolicy(request.trustPolicy, 'trust', roleArn)
    .some((statement) => applies(statement, asked, principal, context, 'account').applies && statement.effect === 'Allow');
  if (delegated && identity.effect === 'allow') return { allowed: true, reason: 'allowed by the role trust policy and an identity-based policy' };
  return deny(delegated
    ? 'because no identity-based policy allows the sts:AssumeRole action'
    : 'because no role trust policy allows the sts:AssumeRole action');
}

type Asked = Pick<EvaluationRequest, 'action' | 'resource'>;

function judge(
  policies: readonly PolicyDocument[], kind: PolicyKind, asked: Asked, principal: Principal, context: ConditionContext,
): Verdict {
  let effect: Verdict['effect'] = 'none';
  const unknown: string[] = [];
  const elsewhere: string[] = [];
  for (const statement of policies.flatMap((policy) => readCached(policy, kind))) {
    const answer = applies(statement, asked, principal, context, 'direct');
    if (answer.unknown !== undefined) unknown.push(answer.unknown);
    if (answer.elsewhere && statement.effect === 'Allow') elsewhere.push(...statement.resources);
    if (!answer.applies) continue;
    if (statement.effect === 'Deny') effect = 'deny';
    else if (effect === 'none') effect = 'allow';
  }
  return { effect, unknown, elsewhere };
}

interface Applies { readonly applies: boolean; readonly unknown?: string; readonly elsewhere?: boolean }

function applies(
  statement: Statement, asked: Asked, principal: Principal, context: ConditionContext, by: 'direct' | 'account',
): Applies {
  if (!namesPrincipal(statement, principal, by) || !namesAction(statement, asked.action)) return { applies: false };
  if (!namesResource(statement, asked.resource, context)) return { applies: false, elsewhere: !statement.exceptResources };
  const conditions = checkConditions(statement, context);
  if ('met' in conditions) return { applies: conditions.met };
  // What cannot be decided counts against the request: an allow does not apply, a deny does.
  return { applies: statement.effect === 'Deny', unknown: conditions.unknown };
}

function namesPrincipal(statement: Statement, principal: Principal, by: 'direct' | 'account'): boolean {
  if (statement.principals === undefined) return true;
  if (statement.exceptPrincipals) return !isExcepted(statement.principals, principal);
  const match = matchPrincipal(statement.principals, principal);
  // A deny of the account meets everybody in it; an allow of the account only lets the account's policies decide.
  return match === by || (match === 'account' && statement.effect === 'Deny');
}

function namesAction(statement: Statement, action: string): boolean {
  return statement.actions.some((pattern) => matchesPattern(pattern, action, undefined, true)) !== statement.exceptActions;
}

function namesResource(statement: Statement, resource: string, context: ConditionContext): boolean {
  if (statement.resources.length === 0) return true;
  const variables = statement.hasVariables ? context : undefined;
  return statement.resources.some((pattern) => matchesResource(pattern, resource, variables)) !== statement.exceptResources;
}

/** Policies do not change while they are evaluated, and reading one costs more than evaluating it. */
const statements = new WeakMap<PolicyDocument, Statement[]>();

function readCached(policy: PolicyDocument, kind: PolicyKind): Statement[] {
  let read = statements.get(policy);
  if (read === undefined) {
    read = readPolicy(policy, kind, `a ${kind} policy`);
    statements.set(policy, read);
  }
  return read;
}

function explain(principal: Principal, asked: Asked, why: string, verdicts: readonly Verdict[]): string {
  const who = principal.kind === 'role' ? sessionArn(principal) : principal.service;
  const where = asked.resource === '*' ? '' : ` on resource: ${quoteForS3(asked)}`;
  const facts: string[] = [];
  if (principal.kind === 'role' && principal.path !== undefined) facts.push(`role ${principal.path}`);
  const elsewhere = [...new Set(verdicts.flatMap((verdict) => verdict.elsewhere))].slice(0, 3);
  if (elsewhere.length > 0 && why.startsWith('because')) facts.push(`allowed only on ${elsewhere.join(', ')}`);
  for (const unknown of new Set(verdicts.flatMap((verdict) => verdict.unknown))) {
    facts.push(`headrace does not know ${unknown} and decides against the request`);
  }
  const note = facts.length > 0 ? ` (${facts.join('; ')})` : '';
  return `User: ${who} is not authorized to perform: ${asked.action}${where} ${why}${note}`;
}

/** S3 alone puts the resource into quotes. */
function quoteForS3(asked: Asked): string {
  return asked.action.startsWith('s3:') ? `"${asked.resource}"` : asked.resource;
}
