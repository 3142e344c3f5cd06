import * as path from 'node:path';
import { type CurateEngine, CurateSize, CurateStage, type IcebergTables } from '@headrace/curate-construct';
import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LoadSize, LoadTarget, LoadWindow, RdsLoaderStage, WriteMode } from '@headrace/rds-loader-construct';
import { type aws_ec2 as ec2, type aws_sns as sns, aws_stepfunctions as sfn, Stack, type StackProps } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DatabaseStack } from './database-stack';

const contract = path.join(__dirname, 'contracts', 'flights.odcs.yaml');
const pipelineName = 'flights';

export interface ReferencePipelineProps {
  /** Where `flights.csv` and `airports.ndjson` are served, without a slash at the end. */
  readonly sourceUrl: string;

  /**
   * What shapes checked records into files.
   *
   * @default CurateEngine.embedded()
   */
  readonly engine?: CurateEngine;

  /**
   * Iceberg tables of the current state, beside the views.
   *
   * @default - none
   */
  readonly icebergTables?: IcebergTables;
}

/** The whole pipeline, each stage in a stack of its own: any of them can be deployed without the others. */
export class ReferencePipeline extends Construct {
  readonly database: DatabaseStack;
  readonly curate: CurateStage;

  constructor(scope: Construct, id: string, props: ReferencePipelineProps) {
    super(scope, id);
    const named = (part: string) => ({ stackName: `${id}-${part}` });
    const database = new DatabaseStack(this, 'Database', named('Database'));
    const shared = { vpc: database.vpc, failureTopic: database.failureTopic };
    const ingest = new IngestStack(this, 'Ingest', { ...named('Ingest'), ...shared, sourceUrl: props.sourceUrl });
    const curate = new CurateStack(this, 'Curate', {
      ...named('Curate'), ...shared, ingest: ingest.stage, databaseName: id.toLowerCase(), engine: props.engine, icebergTables: props.icebergTables,
    });
    new LoadStack(this, 'Load', { ...named('Load'), database, curate: curate.stage });
    this.database = database;
    this.curate = curate.stage;
    new PipelineStack(this, 'Pipeline', { ...named('Pipeline'), ingest: ingest.stage, curate: curate.stage });
  }
}

interface StageStackProps extends StackProps {
  readonly vpc: ec2.IVpc;
  readonly failureTopic: sns.ITopic;
}

class IngestStack extends Stack {
  readonly stage: IngestStage;

  constructor(scope: Construct, id: string, props: StageStackProps & { readonly sourceUrl: string }) {
    super(scope, id, props);
    this.stage = new IngestStage(this, 'Ingest', {
      contract,
      pipelineName,
      sources: {
        flights: IngestSource.http({ url: `${props.sourceUrl}/flights.csv`, minRows: 1 }),
        airports: IngestSource.http({ url: `${props.sourceUrl}/airports.ndjson`, minRows: 1 }),
      },
      size: IngestSize.DEV,
      vpc: props.vpc,
      failureTopic: props.failureTopic,
    });
  }
}

interface CurateStackProps extends StageStackProps {
  readonly ingest: IngestStage;
  readonly databaseName: string;
  readonly engine?: CurateEngine;
  readonly icebergTables?: IcebergTables;
}

class CurateStack extends Stack {
  readonly stage: CurateStage;

  constructor(scope: Construct, id: string, props: CurateStackProps) {
    super(scope, id, props);
    this.stage = new CurateStage(this, 'Curate', {
      contract,
      pipelineName,
      rawBucket: props.ingest.rawBucket,
      databaseName: props.databaseName,
      engine: props.engine,
      icebergTables: props.icebergTables,
      size: CurateSize.DEV,
      vpc: props.vpc,
      failureTopic: props.failureTopic,
    });
  }
}

class LoadStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { database: DatabaseStack; curate: CurateStage }) {
    super(scope, id, props);
    new RdsLoaderStage(this, 'Load', {
      contract,
      pipelineName,
      curatedBucket: props.curate.curatedBucket,
      target: LoadTarget.fromInstance(props.database.instance, {
        secret: props.database.loader,
      }),
      writeModes: {
        flights: WriteMode.merge({ newerBy: 'updated_at' }),
        airports: WriteMode.replace(),
      },
      window: LoadWindow.daily({ from: '01:00', until: '05:00', timeZone: 'Europe/Berlin' }),
      size: LoadSize.DEV,
      failureTopic: props.database.failureTopic,
    });
  }
}

class PipelineStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { ingest: IngestStage; curate: CurateStage }) {
    super(scope, id, props);
    // The load is not part of it: it has hours of its own, and never disturbs an ingestion.
    new sfn.StateMachine(this, 'Pipeline', {
      definitionBody: sfn.DefinitionBody.fromChainable(props.ingest.next(props.curate)),
    });
  }
}
