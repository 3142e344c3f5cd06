import { createHash } from 'node:crypto';
import type { aws_dms as dms } from 'aws-cdk-lib';
import { contractBundle, type ContractView, type DatasetView } from '../stage/contract-file';
import type { Problems } from '../stage/fail';

/** What the contract bundle derives for DMS. */
interface DmsBundle {
  dmsRefusal(column: DatasetView['columns'][number]): string | undefined;
  dmsTableDefinition(datasets: readonly DatasetView[], lanes: number): object;
  dmsTaskSettings(datasets: readonly DatasetView[], options: DmsTaskSettings): object;
  readonly DMS_CSV: DmsCsvSettings;
  readonly MAX_DEFINITION_BYTES: number;
}

/** How files are written, in the words of CloudFormation. */
type DmsCsvSettings = Pick<dms.CfnEndpoint.S3SettingsProperty, 'csvDelimiter' | 'csvNullValue' | 'rfc4180' | 'ignoreHeaderRows'>;

interface DmsTaskSettings {
  readonly controlSchema: string;
  readonly parallelTables: number;
  readonly maxTextKiB: number;
  readonly logging: boolean;
}

/** One answer of DescribeTableStatistics holds no more. */
const MAX_TABLES = 100;
/** MaxFullLoadSubTasks. */
const MAX_PARALLEL_TABLES = 49;

/** The documents that DMS is given for a contract. */
export class DmsContract {
  /** JSON of the external table definition. */
  readonly definition: string;
  /** JSON of the settings of a replication task. */
  readonly taskSettings: string;
  /** Changes with what DMS is told of the files: another definition needs another endpoint and another folder. */
  readonly hash: string;
  readonly csv: DmsCsvSettings;

  constructor(contract: ContractView, lanes: number, options: Omit<DmsTaskSettings, 'parallelTables'>) {
    const bundle = contractBundle<DmsBundle>();
    this.csv = bundle.DMS_CSV;
    this.definition = JSON.stringify(bundle.dmsTableDefinition(contract.datasets, lanes));
    this.hash = createHash('sha256').update(this.definition).digest('hex').slice(0, 12);
    const parallelTables = Math.min(MAX_PARALLEL_TABLES, contract.datasets.length * lanes);
    this.taskSettings = JSON.stringify(bundle.dmsTaskSettings(contract.datasets, { ...options, parallelTables }));
  }

  /** Adds what of a contract DMS cannot carry. */
  static check(problems: Problems, contract: ContractView, lanes: number): void {
    const bundle = contractBundle<DmsBundle>();
    const refused = contract.datasets.flatMap(({ name, columns }) => columns.flatMap((column) => {
      const reason = bundle.dmsRefusal(column);
      return reason === undefined ? [] : [`dataset ${name}: ${reason}`];
    }));
    refused.forEach((text) => problems.add(text));
    if (!Number.isInteger(lanes) || lanes < 1 || lanes > MAX_PARALLEL_TABLES) {
      problems.add(`lanes must be a whole number from 1 to ${MAX_PARALLEL_TABLES}, got ${lanes}; leave it out for 4`);
      return;
    }
    const tables = lanes * contract.datasets.length;
    if (tables > MAX_TABLES) problems.add(`lanes times datasets must not exceed ${MAX_TABLES}, got ${lanes} times ${contract.datasets.length}; set lanes to ${Math.floor(MAX_TABLES / contract.datasets.length)} or less`);
    if (refused.length > 0) return;
    const bytes = Buffer.byteLength(JSON.stringify(bundle.dmsTableDefinition(contract.datasets, lanes)));
    if (bytes > bundle.MAX_DEFINITION_BYTES) problems.add(`the external table definition of this contract has ${bytes} bytes with ${lanes} lanes, and DMS takes ${bundle.MAX_DEFINITION_BYTES}; set fewer lanes`);
  }
}
