import * as path from 'node:path';
import { DmsAccountRoles, LoadEngine, LoadTarget, RdsLoaderStage, WriteMode } from '@headrace/rds-loader-construct';
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ReferencePipeline } from '../../reference-pipeline/reference-pipeline';

/** A second load of the reference pipeline's commits, through DMS into a schema of its own. */
export class LoadByDms extends Stack {
  constructor(scope: Construct, id: string, { database, curate }: ReferencePipeline) {
    super(scope, id);
    new RdsLoaderStage(this, 'Load', {
      contract: path.join(__dirname, '../../reference-pipeline/contracts/flights.odcs.yaml'),
      pipelineName: 'flights',
      curatedBucket: curate.curatedBucket,
      target: LoadTarget.fromInstance(database.instance, { secret: database.loader }),
      engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, lanes: 1 }),
      writeModes: { flights: WriteMode.merge({ newerBy: 'updated_at' }), airports: WriteMode.replace() },
      targetSchema: 'by_dms',
      ledgerSchema: 'headrace_dms',
      failureTopic: database.failureTopic,
    });
  }
}
