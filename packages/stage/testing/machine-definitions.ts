/** A CloudFormation template, as far as tests look at it. */
export interface TemplateJson {
  readonly Resources: Record<string, ResourceJson>;
  readonly Outputs?: Record<string, { readonly Value: unknown }>;
}

export interface ResourceJson {
  readonly Type: string;
  readonly Properties: Record<string, any>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface MachineDefinition {
  readonly StartAt: string;
  readonly TimeoutSeconds?: number;
  readonly QueryLanguage?: string;
  readonly States: Record<string, any>;
}

/** The definitions of all state machines of a template by logical id; deploy-time values stand as `<logicalId>`. */
export function machineDefinitions(template: TemplateJson): Record<string, MachineDefinition> {
  return Object.fromEntries(Object.entries(template.Resources)
    .filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine')
    .map(([id, { Properties }]) => [id, JSON.parse(asText(Properties.DefinitionString)) as MachineDefinition]));
}

/** A value with intrinsic functions as one text. */
export function asText(value: any): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return value.Ref === 'AWS::Partition' ? 'aws' : `<${value.Ref}>`;
  if ('Fn::GetAtt' in value) return `<${[value['Fn::GetAtt']].flat().join('.')}>`;
  if ('Fn::Join' in value) return value['Fn::Join'][1].map(asText).join(value['Fn::Join'][0]);
  if ('Fn::ImportValue' in value) return `<${asText(value['Fn::ImportValue'])}>`;
  if ('Fn::Sub' in value) return `<${asText(value['Fn::Sub'])}>`;
  return `<${JSON.stringify(value).replace(/"/g, "'")}>`;
}

/** Resources of one type, by logical id. */
export function resourcesOf(template: TemplateJson, type: string): Record<string, ResourceJson> {
  return Object.fromEntries(Object.entries(template.Resources).filter(([, resource]) => resource.Type === type));
}
