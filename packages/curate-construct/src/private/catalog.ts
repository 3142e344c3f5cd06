import { aws_athena as athena, aws_glue as glue, aws_iam as iam, type aws_s3 as s3, Aws, Names, type Size, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { contractBundle, type ContractView, type DatasetView } from './stage/contract-file';
import { allow } from './stage/permission';

/** As the contract bundle gives it; hand-typed, because jsii packages cannot import the runtime. */
interface CatalogTable {
  readonly name: string;
  readonly tableType: string;
  readonly columns: glue.CfnTable.ColumnProperty[];
  readonly partitionKeys: glue.CfnTable.ColumnProperty[];
  readonly parameters: Record<string, string>;
  readonly location?: string;
  readonly inputFormat?: string;
  readonly outputFormat?: string;
  readonly serde?: { readonly library: string; readonly parameters: Record<string, string> };
  readonly viewOriginalText?: string;
  readonly viewExpandedText?: string;
}

interface NamedQuery {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  readonly ofQuarantine: boolean;
}

interface GlueBundle {
  glueTables(dataset: DatasetView, options: {
    database: string; runsTable: string; publishedTable: string; catalogLocation: string; publishedLocation: string;
  }): { runs: CatalogTable; published: CatalogTable; view: CatalogTable };
  rejectsTable(name: string, location: string): CatalogTable;
  rejectsTableName(dataset: DatasetView): string;
  icebergTableName(dataset: string): string;
  namedQueries(datasets: readonly DatasetView[], tables: {
    database: string; publishedTable: string; rejectsTables: Record<string, string>;
  }): NamedQuery[];
}

export const PUBLISHED_TABLE = 'published';

const READ_TABLES = ['glue:GetDatabase', 'glue:GetTable', 'glue:GetTables', 'glue:GetPartition', 'glue:GetPartitions', 'glue:BatchGetPartition'];

export interface CatalogProps {
  readonly databaseName: string;
  readonly pipeline: string;
  readonly contract: ContractView;
  readonly bucket: s3.IBucket;
  /** What one query may read. */
  readonly queryScanLimit: Size;
  /** Whether a job makes a table of the current state for each dataset. */
  readonly hasIcebergTables: boolean;
}

/**
 * Database, tables, views and workgroup: how the curated data is seen with SQL.
 *
 * All of it is deleted with the stack: it holds nothing that the commit logs do not hold, and its names are fixed.
 */
export class Catalog extends Construct {
  readonly database: glue.CfnDatabase;
  readonly workGroup: athena.CfnWorkGroup;
  /** For queries of rejected records: what they give is as sensitive as the quarantine, and lies and expires with it. */
  readonly quarantineWorkGroup: athena.CfnWorkGroup;
  /** Name of the table of all runs, by dataset. */
  readonly runsTables: Record<string, string>;
  /** Name of the table of all rejected records, by dataset. */
  readonly rejectsTables: Record<string, string>;
  /** Name of the Iceberg table, by dataset; empty where there are none. The job makes them, and they go with the database. */
  readonly icebergTables: Record<string, string>;
  /** Where query results lie, ending with a slash. */
  readonly resultsPrefix: string;

  constructor(scope: Construct, id: string, private readonly props: CatalogProps) {
    super(scope, id);
    const { pipeline, bucket, contract } = props;
    this.database = new glue.CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: props.databaseName, description: `Curated data of pipeline ${pipeline}` },
    });
    this.runsTables = Object.fromEntries(contract.datasets.map(({ name }) => [name, `${name}_runs`]));
    const bundle = contractBundle<GlueBundle>();
    this.rejectsTables = Object.fromEntries(contract.datasets.map((dataset) => [dataset.name, bundle.rejectsTableName(dataset)]));
    this.icebergTables = props.hasIcebergTables ? Object.fromEntries(contract.datasets.map(({ name }) => [name, bundle.icebergTableName(name)])) : {};
    contract.datasets.forEach((dataset, index) => {
      const tables = bundle.glueTables(dataset, {
        database: props.databaseName,
        runsTable: this.runsTables[dataset.name] as string,
        publishedTable: PUBLISHED_TABLE,
        catalogLocation: bucket.s3UrlForObject(`${pipeline}/catalog/${dataset.name}/`),
        publishedLocation: bucket.s3UrlForObject(`${pipeline}/published/`),
      });
      if (index === 0) this.addTable('Published', tables.published);
      this.addTable(`Runs-${dataset.name}`, tables.runs);
      this.addTable(`View-${dataset.name}`, tables.view);
      this.addTable(`Rejects-${dataset.name}`, bundle.rejectsTable(
        this.rejectsTables[dataset.name] as string, bucket.s3UrlForObject(`${pipeline}/quarantine/${dataset.name}/`),
      ));
    });
    this.resultsPrefix = `${pipeline}/work/athena/`;
    const name = (maxLength: number) => Names.uniqueResourceName(this, { maxLength, separator: '-' });
    this.workGroup = this.addWorkGroup('WorkGroup', name(120), `Queries of pipeline ${pipeline}`, this.resultsPrefix);
    this.quarantineWorkGroup = this.addWorkGroup(
      'QuarantineWorkGroup', `${name(109)}-quarantine`, `Queries of rejected records of pipeline ${pipeline}`, this.quarantineResultsPrefix,
    );
    bundle.namedQueries(contract.datasets, { database: props.databaseName, publishedTable: PUBLISHED_TABLE, rejectsTables: this.rejectsTables })
      .forEach((query) => this.addQuery(query));
  }

  /** Lets a role register the partitions of committed batches, and take those of a batch back that lost a race. */
  grantRegister(role: iam.IRole): void {
    allow(role, {
      actions: [
        'glue:GetTable', 'glue:GetPartition', 'glue:GetPartitions', 'glue:BatchGetPartition',
        'glue:CreatePartition', 'glue:BatchCreatePartition', 'glue:UpdatePartition', 'glue:BatchUpdatePartition',
        'glue:BatchDeletePartition',
      ],
      resources: this.arns([...Object.values(this.runsTables), ...Object.values(this.rejectsTables)]),
    });
  }

  /** Lets a role take out the partitions of batches whose files go. */
  grantTakeOut(role: iam.IRole): void {
    allow(role, {
      actions: ['glue:GetTable', 'glue:GetPartitions', 'glue:BatchDeletePartition'],
      resources: this.arns([...Object.values(this.runsTables), ...Object.values(this.rejectsTables)]),
    });
  }

  /** Lets a role see whether the Iceberg tables are there. */
  grantLookForIceberg(role: iam.IRole): void {
    allow(role, { actions: ['glue:GetTable'], resources: this.arns(Object.values(this.icebergTables)) });
  }

  /** Lets a role make the Iceberg tables, and point them to what it wrote. */
  grantIceberg(role: iam.IRole): void {
    allow(role, {
      actions: ['glue:GetDatabase', 'glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'],
      resources: this.arns(Object.values(this.icebergTables)),
    });
  }

  /** Statements that allow to query everything but quarantine. */
  queryStatements(): iam.PolicyStatement[] {
    const { bucket, pipeline, contract } = this.props;
    const objects = (folders: string[]) => folders.map((folder) => bucket.arnForObjects(`${folder}*`));
    const icebergTables = Object.values(this.icebergTables);
    const readable = ['catalog', 'data', 'published', ...(icebergTables.length === 0 ? [] : ['iceberg'])].map((folder) => `${pipeline}/${folder}/`);
    const tables = [PUBLISHED_TABLE, ...contract.datasets.flatMap(({ name }) => [name, this.runsTables[name] as string]), ...icebergTables];
    return [
      this.useOf(this.workGroup),
      new iam.PolicyStatement({
        actions: READ_TABLES,
        resources: this.arns(tables),
      }),
      new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: objects([...readable, this.resultsPrefix]) }),
      new iam.PolicyStatement({ actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: objects([this.resultsPrefix]) }),
      new iam.PolicyStatement({
        actions: ['s3:ListBucket', 's3:GetBucketLocation'],
        resources: [bucket.bucketArn],
      }),
    ];
  }

  /** Statements that allow to query the tables of rejected records, not to read the objects that hold them. */
  rejectsStatements(): iam.PolicyStatement[] {
    return [
      this.useOf(this.quarantineWorkGroup),
      new iam.PolicyStatement({ actions: READ_TABLES, resources: this.arns([PUBLISHED_TABLE, ...Object.values(this.rejectsTables)]) }),
      new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [this.props.bucket.arnForObjects(`${this.props.pipeline}/published/*`)] }),
      new iam.PolicyStatement({
        actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: [this.props.bucket.arnForObjects(`${this.quarantineResultsPrefix}*`)],
      }),
      new iam.PolicyStatement({ actions: ['s3:GetBucketLocation'], resources: [this.props.bucket.bucketArn] }),
    ];
  }

  private get quarantineResultsPrefix(): string {
    return `${this.props.pipeline}/quarantine/athena/`;
  }

  private useOf(workGroup: athena.CfnWorkGroup): iam.PolicyStatement {
    return new iam.PolicyStatement({
      actions: ['athena:StartQueryExecution', 'athena:StopQueryExecution', 'athena:GetQueryExecution', 'athena:GetQueryResults', 'athena:GetWorkGroup'],
      resources: [Stack.of(this).formatArn({ service: 'athena', resource: 'workgroup', resourceName: workGroup.name })],
    });
  }

  private addWorkGroup(id: string, name: string, description: string, results: string): athena.CfnWorkGroup {
    const { bucket, queryScanLimit } = this.props;
    return new athena.CfnWorkGroup(this, id, {
      name,
      description,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: queryScanLimit.toBytes(),
        resultConfiguration: { outputLocation: bucket.s3UrlForObject(results), encryptionConfiguration: resultEncryption(bucket) },
      },
    });
  }

  private arns(tables: string[]): string[] {
    const arn = (resource: string, resourceName?: string) => Stack.of(this).formatArn({ service: 'glue', resource, resourceName });
    const { databaseName } = this.props;
    return [arn('catalog'), arn('database', databaseName), ...tables.map((table) => arn('table', `${databaseName}/${table}`))];
  }

  private addQuery({ id, name, description, sql, ofQuarantine }: NamedQuery): void {
    const workGroup = ofQuarantine ? this.quarantineWorkGroup : this.workGroup;
    const query = new athena.CfnNamedQuery(this, `Query-${id}`, { name, description, queryString: sql, database: this.props.databaseName, workGroup: workGroup.name });
    query.node.addDependency(workGroup, this.database);
  }

  private addTable(id: string, table: CatalogTable): void {
    const resource = new glue.CfnTable(this, id, {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: this.props.databaseName,
      tableInput: {
        name: table.name,
        tableType: table.tableType,
        parameters: table.parameters,
        partitionKeys: table.partitionKeys,
        viewOriginalText: table.viewOriginalText,
        viewExpandedText: table.viewExpandedText,
        storageDescriptor: {
          columns: table.columns,
          location: table.location,
          inputFormat: table.inputFormat,
          outputFormat: table.outputFormat,
          serdeInfo: table.serde === undefined ? undefined : {
            serializationLibrary: table.serde.library,
            parameters: table.serde.parameters,
          },
        },
      },
    });
    resource.node.addDependency(this.database);
  }
}

/** Results are encrypted as the bucket that they lie in: the workgroup's word goes before the bucket's default. */
function resultEncryption({ encryptionKey }: s3.IBucket): athena.CfnWorkGroup.EncryptionConfigurationProperty {
  return encryptionKey === undefined ? { encryptionOption: 'SSE_S3' } : { encryptionOption: 'SSE_KMS', kmsKey: encryptionKey.keyArn };
}
