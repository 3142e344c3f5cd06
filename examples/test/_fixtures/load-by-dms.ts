import * as path from 'node:path';
import { DmsAccountRoles, type DmsEngineProps, LoadEngine, LoadTarget, RdsLoaderStage, WriteMode } from '@headrace/rds-loader-construct';
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ReferencePipeline } from '../../reference-pipeline/reference-pipeline';

/** Another load of the reference pipeline's commits, through DMS into a schema of its own. */
export class LoadByDms extends Stack {
  /** @param schema of the target; that of the ledger is `headrace_<schema>` */
  constructor(scope: Construct, id: string, { database, curate }: ReferencePipeline, schema: string, engine: Partial<DmsEngineProps> = {}) {
    super(scope, id);
    new RdsLoaderStage(this, 'Load', {
      contract: path.join(__dirname, '../../reference-pipeline/contracts/flights.odcs.yaml'),
      pipelineName: 'flights',
      curatedBucket: curate.curatedBucket,
      target: LoadTarget.fromInstance(database.instance, { secret: database.loader }),
      engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, lanes: 1, ...engine }),
      writeModes: { flights: WriteMode.merge({ newerBy: 'updated_at' }), airports: WriteMode.replace() },
      targetSchema: schema,
      ledgerSchema: `headrace_${schema}`,
      failureTopic: database.failureTopic,
    });
  }
}
