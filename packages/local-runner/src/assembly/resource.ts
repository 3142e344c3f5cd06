/** A resource of a synthesized template, as it stands once every intrinsic is resolved. */
export interface Resource {
  readonly stack: string;
  readonly logicalId: string;
  /** Construct path, for example `IngestStack/Ingest/Bucket/Resource`; stack and logical id where the tree does not know it. */
  readonly path: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, any>>; // eslint-disable-line @typescript-eslint/no-explicit-any
  /** What `Ref` gives. */
  readonly ref: string;
  /** What `Fn::GetAtt` gives, for the attributes that are known without a deployment. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly Metadata?: Record<string, unknown>;
  readonly Condition?: string;
}

export interface Template {
  readonly Resources?: Record<string, TemplateResource>;
  readonly Parameters?: Record<string, { Type: string; Default?: unknown }>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Conditions?: Record<string, unknown>;
  readonly Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
}

/** Everything local belongs to this account and Region. */
export const LOCAL = { account: '000000000000', region: 'us-east-1', partition: 'aws' } as const;
