import { createHash } from 'node:crypto';
import type { ColumnLineage, InputField } from './column-lineage';

/** What a run is called by in all of its events. */
export interface LineageRun {
  readonly pipeline: string;
  /** For example `curate`. */
  readonly stage: string;
  readonly attemptId: string;
  /** The time that the run's slot stands for. */
  readonly nominalTime?: Date;
  readonly codeVersion: string;
}

/** A dataset that a run read or wrote. */
export interface LineageDataset {
  readonly bucket: string;
  /** Below which its objects lie, without a slash at the end. */
  readonly prefix: string;
  readonly columns?: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  readonly counts?: { readonly rows?: number; readonly bytes?: number; readonly files?: number };
  /** Of an output: the fields of the input that its columns are made of. */
  readonly madeOf?: { readonly input: LineageDataset; readonly lineage: ColumnLineage };
}

export type LineageState = 'START' | 'COMPLETE' | 'FAIL';

/** An event of the OpenLineage specification, version 2-0-2. */
export interface RunEvent {
  readonly eventType: LineageState;
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly object[];
  readonly outputs: readonly object[];
}

type Facets = Readonly<Record<string, object>>;

const SPEC = 'https://openlineage.io/spec';
const EVENT_SCHEMA = `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`;

/** Versions of the facets' own schemas. */
const FACET_SCHEMAS = {
  NominalTimeRunFacet: '1-0-1', ErrorMessageRunFacet: '1-0-1', ProcessingEngineRunFacet: '1-1-1', JobTypeJobFacet: '2-0-4',
  SchemaDatasetFacet: '1-2-0', DatasourceDatasetFacet: '1-0-1', ColumnLineageDatasetFacet: '1-2-0',
  InputStatisticsInputDatasetFacet: '1-0-0', OutputStatisticsOutputDatasetFacet: '1-0-2',
} as const;

/** Longest message of a failure. */
const MESSAGE = 4_000;

/** One event of a run. All events of an attempt have the same run id, which is made of its names: an event that is told again is the same event. */
export function runEvent(run: LineageRun, eventType: LineageState, told: {
  readonly at: Date;
  readonly inputs?: readonly LineageDataset[];
  readonly outputs?: readonly LineageDataset[];
  readonly engine?: string;
  readonly error?: string;
}): RunEvent {
  const producer = `https://github.com/headrace/headrace/tree/v${run.codeVersion}`;
  const facet = (name: keyof typeof FACET_SCHEMAS, members: object): object => ({
    _producer: producer, _schemaURL: `${SPEC}/facets/${FACET_SCHEMAS[name]}/${name}.json#/$defs/${name}`, ...members,
  });
  return {
    eventType, eventTime: told.at.toISOString(), producer, schemaURL: EVENT_SCHEMA,
    run: {
      runId: runUuid(run),
      facets: {
        ...(run.nominalTime === undefined ? {} : { nominalTime: facet('NominalTimeRunFacet', { nominalStartTime: run.nominalTime.toISOString() }) }),
        ...(told.engine === undefined ? {} : { processing_engine: facet('ProcessingEngineRunFacet', { version: run.codeVersion, name: told.engine }) }),
        ...(told.error === undefined ? {} : { errorMessage: facet('ErrorMessageRunFacet', { message: told.error.slice(0, MESSAGE), programmingLanguage: 'JavaScript' }) }),
      },
    },
    job: {
      namespace: run.pipeline, name: run.stage,
      facets: { jobType: facet('JobTypeJobFacet', { processingType: 'BATCH', integration: 'HEADRACE', jobType: 'JOB' }) },
    },
    inputs: (told.inputs ?? []).map((dataset) => ({ ...described(dataset, facet), ...inputFacets(dataset, facet) })),
    outputs: (told.outputs ?? []).map((dataset) => ({ ...described(dataset, facet), ...outputFacets(dataset, facet) })),
  };
}

type MakeFacet = (name: keyof typeof FACET_SCHEMAS, members: object) => object;

function described(dataset: LineageDataset, facet: MakeFacet): object {
  const { bucket, prefix, columns, madeOf } = dataset;
  return {
    ...nameOf(dataset),
    facets: {
      dataSource: facet('DatasourceDatasetFacet', { name: `s3://${bucket}`, uri: `s3://${bucket}/${prefix}/` }),
      ...(columns === undefined ? {} : { schema: facet('SchemaDatasetFacet', { fields: columns.map(({ name, type }) => ({ name, type })) }) }),
      ...(madeOf === undefined ? {} : { columnLineage: facet('ColumnLineageDatasetFacet', columnLineage(madeOf)) }),
    },
  };
}

function columnLineage({ input, lineage: { columns, rows } }: NonNullable<LineageDataset['madeOf']>): object {
  const named = (fields: readonly InputField[]): object[] => fields.map((field) => ({ ...nameOf(input), ...field }));
  return {
    fields: Object.fromEntries([...columns].map(([column, fields]) => [column, { inputFields: named(fields) }])),
    ...(rows.length === 0 ? {} : { dataset: named(rows) }),
  };
}

function nameOf({ bucket, prefix }: LineageDataset): { namespace: string; name: string } {
  return { namespace: `s3://${bucket}`, name: prefix };
}

function inputFacets({ counts }: LineageDataset, facet: MakeFacet): object {
  return counts === undefined ? {} : { inputFacets: { inputStatistics: facet('InputStatisticsInputDatasetFacet', statistics(counts)) } };
}

function outputFacets({ counts }: LineageDataset, facet: MakeFacet): object {
  return counts === undefined ? {} : { outputFacets: { outputStatistics: facet('OutputStatisticsOutputDatasetFacet', statistics(counts)) } };
}

function statistics({ rows, bytes, files }: NonNullable<LineageDataset['counts']>): object {
  return Object.fromEntries(Object.entries({ rowCount: rows, size: bytes, fileCount: files }).filter(([, value]) => value !== undefined));
}

/** A UUID that is made of names, in the form of version 5. */
function runUuid({ pipeline, stage, attemptId }: LineageRun): string {
  const bytes = createHash('sha256').update(`headrace/${pipeline}/${stage}/${attemptId}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
