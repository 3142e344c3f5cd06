import type { Assembly, Resource } from '../assembly';

/** A state machine of the assembly. */
export interface Machine {
  readonly arn: string;
  readonly name: string;
  /** Construct path, for example `IngestStack/Ingest/Machine`. */
  readonly path: string;
  readonly roleArn: string;
  /** JSON text with every intrinsic resolved. */
  readonly definition: string;
  /** `ingest`, `curate` or `load`; undefined for a machine that is not a stage's. */
  readonly stage?: string;
  /** Whether no other machine of the assembly starts it. */
  readonly isRoot: boolean;
}

/** Tag by which the stages mark their machines. */
const STAGE_TAG = 'headrace:stage';

export function machinesOf(assembly: Assembly): Machine[] {
  const found = assembly.ofType('AWS::StepFunctions::StateMachine').map((resource) => ({
    arn: resource.ref,
    name: String(resource.attributes.Name ?? resource.ref.slice(resource.ref.lastIndexOf(':') + 1)),
    path: resource.path.replace(/\/Resource$/, ''),
    roleArn: String(resource.properties.RoleArn),
    definition: definitionOf(assembly, resource),
    stage: stageOf(resource),
  }));
  return found.map((machine) => ({
    ...machine,
    isRoot: !found.some((other) => other !== machine && other.definition.includes(machine.arn)),
  }));
}

function definitionOf(assembly: Assembly, resource: Resource): string {
  const { Definition, DefinitionString, DefinitionS3Location, DefinitionSubstitutions = {} } = resource.properties as {
    Definition?: object; DefinitionString?: string; DefinitionS3Location?: { Bucket: string; Key: string }; DefinitionSubstitutions?: Record<string, unknown>;
  };
  const text = DefinitionString ?? (Definition ? JSON.stringify(Definition) : assembly.readFileAsset(DefinitionS3Location?.Bucket ?? '', DefinitionS3Location?.Key ?? ''));
  return Object.entries(DefinitionSubstitutions).reduce((result, [name, value]) => result.replaceAll(`\${${name}}`, String(value)), text);
}

function stageOf(resource: Resource): string | undefined {
  const tags = (resource.properties.Tags ?? []) as Array<{ Key: string; Value: string }>;
  return tags.find(({ Key }) => Key === STAGE_TAG)?.Value;
}
