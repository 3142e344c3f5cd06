import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Says why a template check does not apply, where the resource is made.
 *
 * The words travel with the construct, so that a user's own rule packs show the reason instead of a finding.
 */
export function explain(construct: IConstruct, reasons: Record<string, string>): void {
  const validations = Validations.of(construct);
  for (const [id, reason] of Object.entries(reasons)) validations.acknowledge({ id, reason });
}
