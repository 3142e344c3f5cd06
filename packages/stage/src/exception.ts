import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** How the CDK qualifies the rules that are no plugin's own; rule packs take it off again. */
const NAMESPACE = 'Annotation';

/**
 * Says why a template check does not apply, where the resource is made.
 *
 * The words travel with the construct, so that a user's own rule packs show the reason instead of a finding. They are written as
 * `Validations.acknowledge` writes them: at our floor of aws-cdk-lib it refuses a rule that names a resource, since ARNs have `::` in them.
 */
export function explain(construct: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    construct.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, { [`${NAMESPACE}::${id.replaceAll(' ', '-')}`]: reason });
  }
}
