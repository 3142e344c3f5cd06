import { aws_iam as iam, Stack } from 'aws-cdk-lib';
import { explain } from './exception';

/** Something that a role may do. */
export interface Permission {
  readonly actions: string[];
  readonly resources: string[];
  readonly conditions?: Record<string, Record<string, string | string[]>>;
  /** Why a resource ends with `*`: no wildcard goes without a reason. */
  readonly wildcardReason?: string;
}

/** Allows it, and leaves the reason for each wildcard with the role. */
export function allow(role: iam.IRole, permission: Permission): void {
  const { actions, resources, conditions } = permission;
  role.addToPrincipalPolicy(new iam.PolicyStatement({ actions, resources, conditions }));
  if (permission.wildcardReason !== undefined) explainWildcards(role, resources, permission.wildcardReason);
}

/** Rule packs report each wildcard under the text of its resource, which is known only when the app is complete. */
export function explainWildcards(role: iam.IRole | iam.Policy, resources: string[], reason: string): void {
  role.node.addValidation({
    validate: () => {
      const texts = resources.map((resource) => flatten(Stack.of(role).resolve(resource))).filter((text) => text.includes('*'));
      explain(role, Object.fromEntries(texts.map((text) => [`AwsSolutions-IAM5[Resource::${text}]`, reason])));
      return [];
    },
  });
}

/** A resolved ARN as the rules write it: `<LogicalId.Attribute>` for what is known at deployment. */
function flatten(value: unknown): string {
  if (typeof value === 'string') return value.replace(/\$\{/g, '<').replace(/\}/g, '>');
  const [[name, argument]] = Object.entries(value as object) as [[string, unknown]];
  switch (name) {
    case 'Fn::Join': {
      const [delimiter, parts] = argument as [string, unknown[]];
      return parts.map(flatten).join(delimiter);
    }
    case 'Fn::GetAtt': return `<${(argument as unknown[]).map(flatten).join('.')}>`;
    case 'Fn::Sub':
    case 'Fn::ImportValue': return flatten(argument);
    case 'Ref': return `<${flatten(argument)}>`;
    default: return JSON.stringify(value);
  }
}
