import { evaluate, evaluateTrust, type Evaluation } from './evaluate';
import { managedPolicy } from './managed-policies';
import type { PolicyDocument } from './policy-document';
import { roleName, type Principal } from './principal';

/** What is read of a deployed resource: its resolved properties, and what `Ref` and `GetAtt` give. */
export interface PolicyResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly ref: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Path of the construct. */
  readonly path?: string;
}

export interface AccessQuestion {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

interface Role {
  readonly arn: string;
  readonly path?: string;
  readonly trust?: PolicyDocument;
  readonly identity: PolicyDocument[];
  boundary?: PolicyDocument[];
  /** ARNs of attached policies whose text is not known here. */
  readonly missing: string[];
}

type Properties = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** The roles of a deployment with all their policies, and the policies of its buckets, topics, queues and secrets. */
export class AccessDirectory {
  private readonly roles = new Map<string, Role>();
  private readonly resourcePolicies = new Map<string, PolicyDocument[]>();

  constructor(resources: Iterable<PolicyResource>) {
    const all = [...resources];
    const managed = new Map(all.filter(({ type }) => type === 'AWS::IAM::ManagedPolicy').map((each) => [each.ref, each]));
    for (const resource of all) if (resource.type === 'AWS::IAM::Role') this.addRole(resource, managed);
    for (const resource of all) this.attach(resource);
  }

  get roleArns(): string[] {
    return [...this.roles.keys()];
  }

  /** The principal of a role, with its construct's path for messages. */
  principal(roleArn: string, sessionName?: string): Principal {
    return { kind: 'role', arn: roleArn, sessionName, path: this.roles.get(roleArn)?.path };
  }

  /** Decides whether a principal may do something; a role that is not in the deployment has no policies. */
  check(principal: string | Principal, question: AccessQuestion): Evaluation {
    const who = typeof principal === 'string' ? this.principal(principal) : principal;
    const role = who.kind === 'role' ? this.roles.get(who.arn) : undefined;
    const evaluation = evaluate({
      principal: who,
      identityPolicies: role?.identity ?? [],
      permissionsBoundary: role?.boundary,
      resourcePolicies: this.resourcePolicies.get(policyOwner(question.resource)) ?? [],
      ...question,
    });
    if (evaluation.allowed || role === undefined || role.missing.length === 0) return evaluation;
    const missing = `headrace does not know the policy ${role.missing.join(', ')} of this role and counts it as empty`;
    return { allowed: false, reason: `${evaluation.reason} (${missing})` };
  }

  /** Decides whether somebody may assume a role, as a service does before it runs something with it. */
  checkTrust(roleArn: string, principal: Principal, context?: AccessQuestion['context']): Evaluation {
    const role = this.roles.get(roleArn);
    if (role?.trust === undefined) return { allowed: false, reason: `role ${roleArn} is not in the deployment` };
    const own = principal.kind === 'role' ? this.roles.get(principal.arn)?.identity : undefined;
    const evaluation = evaluateTrust({ trustPolicy: role.trust, roleArn, principal, identityPolicies: own, context });
    return evaluation.allowed || role.path === undefined
      ? evaluation
      : { allowed: false, reason: `${evaluation.reason} (role to assume: ${role.path})` };
  }

  private addRole(resource: PolicyResource, managed: ReadonlyMap<string, PolicyResource>): void {
    const properties = resource.properties as Properties;
    const arn = String(resource.attributes.Arn);
    const role: Role = { arn, path: resource.path, trust: properties.AssumeRolePolicyDocument, identity: [], missing: [] };
    for (const inline of properties.Policies ?? []) role.identity.push(inline.PolicyDocument);
    for (const policyArn of properties.ManagedPolicyArns ?? []) {
      const document = managed.get(policyArn)?.properties.PolicyDocument as PolicyDocument ?? managedPolicy(policyArn);
      if (document === undefined) role.missing.push(policyArn);
      else if (!role.identity.includes(document)) role.identity.push(document);
    }
    if (properties.PermissionsBoundary !== undefined) {
      const document = managed.get(properties.PermissionsBoundary)?.properties.PolicyDocument as PolicyDocument
        ?? managedPolicy(properties.PermissionsBoundary);
      role.boundary = document === undefined ? [] : [document];
      if (document === undefined) role.missing.push(properties.PermissionsBoundary);
    }
    this.roles.set(arn, role);
  }

  private attach({ type, properties: raw }: PolicyResource): void {
    const properties = raw as Properties;
    if (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') {
      for (const name of properties.Roles ?? []) this.attachToRole(String(name), properties.PolicyDocument);
    } else if (type === 'AWS::IAM::RolePolicy') {
      this.attachToRole(String(properties.RoleName), properties.PolicyDocument);
    } else if (type === 'AWS::S3::BucketPolicy') {
      this.attachToResource(`arn:aws:s3:::${properties.Bucket}`, properties.PolicyDocument);
    } else if (type === 'AWS::SNS::TopicPolicy') {
      for (const topic of properties.Topics ?? []) this.attachToResource(topic, properties.PolicyDocument);
    } else if (type === 'AWS::SNS::TopicInlinePolicy') {
      this.attachToResource(properties.TopicArn, properties.PolicyDocument);
    } else if (type === 'AWS::SQS::QueuePolicy') {
      for (const url of properties.Queues ?? []) this.attachToResource(queueArn(String(url)), properties.PolicyDocument);
    } else if (type === 'AWS::SecretsManager::ResourcePolicy') {
      this.attachToResource(properties.SecretId, properties.ResourcePolicy);
    }
  }

  private attachToRole(name: string, document: PolicyDocument): void {
    for (const role of this.roles.values()) {
      if (roleName(role.arn) === name && !role.identity.includes(document)) role.identity.push(document);
    }
  }

  private attachToResource(arn: string, document: PolicyDocument): void {
    const owner = policyOwner(String(arn));
    this.resourcePolicies.set(owner, [...this.resourcePolicies.get(owner) ?? [], document]);
  }
}

/** ARN of a queue by its URL, which is what `Ref` gives. */
function queueArn(url: string): string {
  const [, region, account, name] = /^https:\/\/sqs\.([^.]+)\.[^/]+\/([^/]+)\/(.+)$/.exec(url) ?? [];
  return name === undefined ? url : `arn:aws:sqs:${region}:${account}:${name}`;
}

/** ARN of the resource whose policy covers another: the bucket of an object, else the resource itself. */
function policyOwner(arn: string): string {
  const bucket = /^arn:[^:]+:s3:::([^/]+)/.exec(arn);
  return bucket ? `arn:aws:s3:::${bucket[1]}` : arn;
}
