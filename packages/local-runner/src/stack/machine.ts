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
  /** How names of its executions begin: `<prefix>-<slot>-a<attempt>`. */
  readonly executionPrefix: string;
  /** Whether no other machine of the assembly starts it. */
  readonly isRoot: boolean;
}

/** Tags by which the stages mark their machines. */
const STAGE_TAG = 'headrace:stage';
const PREFIX_TAG = 'headrace:execution-prefix';

export function machinesOf(assembly: Assembly): Machine[] {
  const found = assembly.ofType('AWS::StepFunctions::StateMachine').map((resource) => ({
    arn: resource.ref,
    name: String(resource.attributes.Name ?? resource.ref.slice(resource.ref.lastIndexOf(':') + 1)),
    path: resource.path.replace(/(\/Machine)?(\/Resource)+$/, ''),
    roleArn: String(resource.properties.RoleArn),
    definition: definitionOf(assembly, resource),
    stage: tagOf(resource, STAGE_TAG),
    executionPrefix: tagOf(resource, PREFIX_TAG) ?? prefixFromPath(resource.path),
  }));
  return found.map((machine) => ({
    ...machine,
    isRoot: !found.some((other) => other !== machine && other.definition.includes(machine.arn)),
  }));
}

function definitionOf(assembly: Assembly, resource: Resource): string {
  const { Definition, DefinitionString, DefinitionS3Location, DefinitionSubstitutions = {} } = resource.properties as {
    Definition?: object; DefinitionString?: string; DefinitionS3Location?: { Bucket: string; Key: string };
    DefinitionSubstitutions?: Record<string, unknown>;
  };
  const text = DefinitionString ?? (Definition ? JSON.stringify(Definition) : assembly.readFileAsset(DefinitionS3Location?.Bucket ?? '', DefinitionS3Location?.Key ?? ''));
  return Object.entries(DefinitionSubstitutions).reduce((result, [name, value]) => result.replaceAll(`\${${name}}`, String(value)), text);
}

function tagOf(resource: Resource, key: string): string | undefined {
  const tags = (resource.properties.Tags ?? []) as Array<{ Key: string; Value: string }>;
  return tags.find(({ Key }) => Key === key)?.Value;
}

function prefixFromPath(path: string): string {
  const last = path.split('/').filter((part) => part !== 'Resource').at(-1) ?? '';
  const name = last.toLowerCase().replace(/[^a-z0-9_]+/g, '_').replace(/^[^a-z]+/, '').slice(0, 30);
  return name === '' ? 'machine' : name;
}
