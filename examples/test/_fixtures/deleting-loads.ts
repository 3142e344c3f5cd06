import { CurateStage } from '@headrace/curate-construct';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import { DmsAccountRoles, LoadDeletes, LoadEngine, LoadTarget, RdsLoaderStage, WriteMode } from '@headrace/rds-loader-construct';
import { type aws_rds as rds, aws_sns as sns, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** CSV: `changes` with a column that marks deletes, and `members`, each batch of which is all that there is. */
export const DELETING_CONTRACT = `
apiVersion: v3.1.0
kind: DataContract
id: club
name: Club
version: "1.0.0"
status: active
schema:${[['changes', 'changes', '{ name: op, logicalType: string }'], ['members', 'snapshot', '{ name: level, logicalType: integer }']].map(([name, history, more]) => `
  - name: ${name}
    customProperties:
      - { property: headraceRecord, value: { format: csv, header: exact } }
      - { property: headraceHistory, value: ${history} }
    properties:
      - { name: id, logicalType: integer, primaryKey: true, required: true }
      - { name: version, logicalType: integer, required: true }
      - ${more}`).join('')}
`;

export interface DeletingLoadsProps {
  /** File with the text above. */
  readonly contract: string;
  readonly sourceUrl: string;
  readonly database: rds.DatabaseInstance;
}

/** A pipeline whose merges delete, by our own loader into the schema `club`, and by DMS into `club_dms`. */
export class DeletingLoads extends Stack {
  constructor(scope: Construct, id: string, { contract, sourceUrl, database }: DeletingLoadsProps) {
    super(scope, id);
    const shared = { contract, pipelineName: 'club' };
    const from = (name: string): IngestSource => IngestSource.http({ url: `${sourceUrl}/${name}.csv` });
    const sources = { changes: from('changes'), members: from('members') };
    const ingest = new IngestStage(this, 'Ingest', { ...shared, sources });
    const curate = new CurateStage(this, 'Curate', { ...shared, rawBucket: ingest.rawBucket, databaseName: 'club' });
    const failureTopic = new sns.Topic(this, 'Failures', { enforceSSL: true });
    const load = {
      ...shared, curatedBucket: curate.curatedBucket, target: LoadTarget.fromInstance(database), failureTopic,
      writeModes: {
        changes: WriteMode.merge({ newerBy: 'version', deletes: LoadDeletes.marker({ column: 'op' }) }),
        members: WriteMode.merge({ deletes: LoadDeletes.absentFromSnapshot() }),
      },
    };
    new RdsLoaderStage(this, 'Load', { ...load, targetSchema: 'club', ledgerSchema: 'headrace_club' });
    new RdsLoaderStage(this, 'ByDms', {
      ...load, targetSchema: 'club_dms', ledgerSchema: 'headrace_club_dms', engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, lanes: 1 }),
    });
  }
}
