import type { aws_iam as iam, aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';

/** Credentials as a source uses them. */
export interface BoundAuth {
  /** Stands in the template, so it holds no secret. */
  readonly settings: Record<string, unknown>;
  readonly secrets: secretsmanager.ISecret[];
  readonly grantRead?: (role: iam.IRole) => void;
}
