/** A policy as it is written in templates. Statements and values may be single or lists. */
export interface PolicyDocument {
  readonly Version?: string;
  readonly Id?: string;
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: OneOrMany;
  readonly NotAction?: OneOrMany;
  readonly Resource?: OneOrMany;
  readonly NotResource?: OneOrMany;
  readonly Principal?: PrincipalElement;
  readonly NotPrincipal?: PrincipalElement;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, ConditionValues>>>>;
}

export type OneOrMany = string | readonly string[];
export type PrincipalElement = '*' | Readonly<Record<string, OneOrMany>>;
export type ConditionValues = string | number | boolean | ReadonlyArray<string | number | boolean>;

/** Where a policy is attached; it decides which elements a statement must and must not have. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A statement with everything as lists, checked. */
export interface Statement {
  readonly sid?: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  /** True for `NotAction`. */
  readonly exceptActions: boolean;
  readonly resources: readonly string[];
  /** True for `NotResource`. */
  readonly exceptResources: boolean;
  /** Principals by kind (`AWS`, `Service`, …); `undefined` where the policy's kind has none. */
  readonly principals?: Readonly<Record<string, readonly string[]>>;
  readonly exceptPrincipals: boolean;
  readonly conditions: ReadonlyArray<{ readonly operator: string; readonly key: string; readonly values: readonly string[] }>;
  /** Whether `${…}` are variables: only since the policy language of 2012. */
  readonly hasVariables: boolean;
}

const ELEMENTS = new Set([
  'Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'NotPrincipal', 'Condition',
]);
const VERSIONS = ['2012-10-17', '2008-10-17'];

/**
 * Reads a policy into statements.
 *
 * @param place what the policy is attached to, for messages
 * @throws Error that names the place, the statement and the rule; AWS refuses such a policy at deployment
 */
export function readPolicy(document: PolicyDocument, kind: PolicyKind, place: string): Statement[] {
  const version = document.Version ?? '2008-10-17';
  if (!VERSIONS.includes(version)) {
    throw new Error(`policy of ${place}: Version must be one of ${VERSIONS.join(', ')}, got ${JSON.stringify(version)}`);
  }
  if (document.Statement === undefined) throw new Error(`policy of ${place}: Statement is missing`);
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return statements.map((statement: PolicyStatement, index) => {
    const where = `policy of ${place}, statement ${statement.Sid ?? index + 1}`;
    checkElements(statement, kind, where);
    return {
      sid: statement.Sid,
      effect: statement.Effect,
      actions: readActions(statement, where),
      exceptActions: statement.NotAction !== undefined,
      resources: toList(statement.Resource ?? statement.NotResource),
      exceptResources: statement.NotResource !== undefined,
      principals: readPrincipals(statement.Principal ?? statement.NotPrincipal),
      exceptPrincipals: statement.NotPrincipal !== undefined,
      conditions: readConditions(statement),
      hasVariables: version === '2012-10-17',
    };
  });
}

function checkElements(statement: PolicyStatement, kind: PolicyKind, where: string): void {
  const unknown = Object.keys(statement).filter((name) => !ELEMENTS.has(name));
  if (unknown.length > 0) throw new Error(`${where}: unknown element ${unknown.join(', ')}`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    throw new Error(`${where}: Effect must be Allow or Deny, got ${JSON.stringify(statement.Effect)}`);
  }
  requireOneOf(statement, 'Action', 'NotAction', where);
  if (kind === 'trust') refuse(statement, ['Resource', 'NotResource'], 'a trust policy has no resources', where);
  else requireOneOf(statement, 'Resource', 'NotResource', where);
  if (kind === 'identity') refuse(statement, ['Principal', 'NotPrincipal'], 'a policy of a role has no principals', where);
  else requireOneOf(statement, 'Principal', 'NotPrincipal', where);
}

function requireOneOf(statement: PolicyStatement, name: keyof PolicyStatement, not: keyof PolicyStatement, where: string): void {
  if ((statement[name] === undefined) === (statement[not] === undefined)) {
    throw new Error(`${where}: exactly one of ${name} and ${not} must be there`);
  }
}

function refuse(statement: PolicyStatement, names: ReadonlyArray<keyof PolicyStatement>, rule: string, where: string): void {
  for (const name of names) {
    if (statement[name] !== undefined) throw new Error(`${where}: ${rule}, but it has ${name}`);
  }
}

function readActions(statement: PolicyStatement, where: string): string[] {
  const actions = toList(statement.Action ?? statement.NotAction);
  for (const action of actions) {
    if (action !== '*' && !/^[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+$/.test(action)) {
      throw new Error(`${where}: an action must be * or <service>:<Name>, got ${JSON.stringify(action)}`);
    }
  }
  return actions;
}

function readPrincipals(element: PrincipalElement | undefined): Statement['principals'] {
  if (element === undefined) return undefined;
  if (element === '*') return { AWS: ['*'] };
  return Object.fromEntries(Object.entries(element).map(([kind, values]) => [kind, toList(values)]));
}

function readConditions(statement: PolicyStatement): Statement['conditions'] {
  return Object.entries(statement.Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => ({ operator, key, values: (Array.isArray(values) ? values : [values]).map(String) })));
}

function toList(value: OneOrMany | undefined): string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : [...value];
}
