import { Annotations, aws_ec2 as ec2, type aws_iam as iam, aws_rds as rds, type aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { contractBundle, type DatasetView } from './private/stage/contract-file';
import type { Problems } from './private/stage/fail';

/** How tasks check that they talk to the database. */
export enum TargetTls {
  /** The server's certificate must be valid, and made for its host name. */
  VERIFY_FULL = 'verify-full',

  /** No TLS: only for a server on the same machine. */
  DISABLE = 'disable',
}

/** Which kind of server rows are loaded into. */
export enum TargetEngine {
  /** PostgreSQL 13 or later: RDS, Aurora, or any other. */
  POSTGRES = 'postgres',

  /** MySQL 8.0.17 or later, MariaDB 10.6 or later: RDS, Aurora, or any other. It needs `local_infile`. */
  MYSQL = 'mysql',
}

/** The kinds of server by the engine families of the CDK. */
const FAMILIES: Record<string, TargetEngine> = {
  POSTGRESQL: TargetEngine.POSTGRES,
  POSTGRES: TargetEngine.POSTGRES,
  MYSQL: TargetEngine.MYSQL,
  MARIADB: TargetEngine.MYSQL,
};

const PORTS: Record<TargetEngine, number> = { [TargetEngine.POSTGRES]: 5432, [TargetEngine.MYSQL]: 3306 };

/** The derivation of the contract bundle that is used here. */
interface MysqlBundle {
  mysqlProblems(dataset: DatasetView): string[];
}

/** What is known of a database, besides the resource itself. */
export interface LoadTargetProps {
  /**
   * Kind of the server.
   *
   * @default - that of the instance or cluster; PostgreSQL where the app does not know it
   */
  readonly engine?: TargetEngine;

  /**
   * Secret with JSON members `username` and `password` of the user that loads. It is read again for each connection.
   *
   * @default - the secret of the master user that the database was made with, with a warning; imported databases have none
   */
  readonly secret?: secretsmanager.ISecret;

  /**
   * Name of the database in the server.
   *
   * @default - the one that the instance or cluster was made with, else `postgres`; MySQL needs one
   */
  readonly databaseName?: string;

  /**
   * How the connection is secured.
   *
   * @default TargetTls.VERIFY_FULL
   */
  readonly tls?: TargetTls;

  /**
   * Whether storage of an instance grows by itself. Commits that its free space cannot hold are then loaded with a warning, and otherwise refused
   * before anything is staged. Has no meaning for clusters and other servers, whose free space is not looked at.
   *
   * @default - true where the instance was made in the app with a `maxAllocatedStorage` above its `allocatedStorage`, else false
   */
  readonly storageGrows?: boolean;
}

/** A database that the app knows by its address only. */
export interface EndpointTargetProps extends LoadTargetProps {
  /**
   * Host name; certificates are checked against it.
   */
  readonly host: string;

  /**
   * Port.
   *
   * @default - 5432 for PostgreSQL, 3306 for MySQL and MariaDB
   */
  readonly port?: number;

  /**
   * Security group of the server, which is opened for the tasks.
   *
   * @default - nothing is opened
   */
  readonly securityGroup?: ec2.ISecurityGroup;
}

/** What a target is, once all sources of its values are merged. */
interface TargetParts {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly connectable?: ec2.IConnectable;
  readonly vpc?: ec2.IVpc;
  readonly masterSecret?: secretsmanager.ISecret;
  readonly madeWithDatabase?: string;
  /** Of an instance, whose storage is its own. */
  readonly instanceIdentifier?: string;
  readonly growsByItself?: boolean;
  readonly family?: string;
  /** As the engine is called in CloudFormation: `postgres`, `aurora-postgresql`. */
  readonly engineType?: string;
  /** By which its metrics are found. */
  readonly dimensions?: Record<string, string>;
  readonly props: LoadTargetProps;
}

/** The database that rows are loaded into: PostgreSQL, MySQL or MariaDB. */
export class LoadTarget {
  /** An RDS instance. */
  static fromInstance(instance: rds.IDatabaseInstance, props: LoadTargetProps = {}): LoadTarget {
    const resource = instance.node.defaultChild;
    return new LoadTarget({
      name: instance.node.path,
      host: instance.instanceEndpoint.hostname,
      port: instance.instanceEndpoint.port,
      connectable: instance,
      vpc: instance instanceof rds.DatabaseInstanceBase ? (instance as unknown as { vpc?: ec2.IVpc }).vpc : undefined,
      masterSecret: instance instanceof rds.DatabaseInstance ? instance.secret : undefined,
      madeWithDatabase: resource instanceof rds.CfnDBInstance ? resource.dbName : undefined,
      instanceIdentifier: instance.instanceIdentifier,
      growsByItself: resource instanceof rds.CfnDBInstance && growsByItself(resource),
      family: instance.engine?.engineFamily,
      engineType: instance.engine?.engineType,
      dimensions: { DBInstanceIdentifier: instance.instanceIdentifier },
      props,
    });
  }

  /** An Aurora or Multi-AZ cluster; loads go to its writer. */
  static fromCluster(cluster: rds.IDatabaseCluster, props: LoadTargetProps = {}): LoadTarget {
    const resource = cluster.node.defaultChild;
    return new LoadTarget({
      name: cluster.node.path,
      host: cluster.clusterEndpoint.hostname,
      port: cluster.clusterEndpoint.port,
      connectable: cluster,
      vpc: (cluster as unknown as { vpc?: ec2.IVpc }).vpc,
      masterSecret: cluster instanceof rds.DatabaseCluster ? cluster.secret : undefined,
      madeWithDatabase: resource instanceof rds.CfnDBCluster ? resource.databaseName : undefined,
      family: cluster.engine?.engineFamily,
      engineType: cluster.engine?.engineType,
      dimensions: { DBClusterIdentifier: cluster.clusterIdentifier, Role: 'WRITER' },
      props,
    });
  }

  /** Any other server. */
  static fromEndpoint(props: EndpointTargetProps): LoadTarget {
    const port = props.port ?? PORTS[props.engine ?? TargetEngine.POSTGRES];
    return new LoadTarget({
      name: props.host,
      host: props.host,
      port,
      connectable: props.securityGroup === undefined ? undefined : new ec2.Connections({
        securityGroups: [props.securityGroup],
        defaultPort: ec2.Port.tcp(port),
      }),
      props,
    });
  }

  private constructor(private readonly parts: TargetParts) {}

  /** @internal */
  get _vpc(): ec2.IVpc | undefined {
    return this.parts.vpc;
  }

  /** @internal */
  get _metricDimensions(): Record<string, string> | undefined {
    return this.parts.dimensions;
  }

  /**
   * Whose free space a load goes by. Aurora has no such metric: its storage grows by itself.
   *
   * @internal
   */
  get _storage(): { instance: string; grows: boolean } | undefined {
    const { instanceIdentifier: instance, growsByItself = false, engineType = '', props } = this.parts;
    if (instance === undefined || engineType.startsWith('aurora')) return undefined;
    return { instance, grows: props.storageGrows ?? growsByItself };
  }

  /** @internal */
  get _isMysql(): boolean {
    return this.engine === TargetEngine.MYSQL;
  }

  /** @internal */
  get _defaultSchema(): string {
    return this.engine === TargetEngine.MYSQL ? this.database : 'public';
  }

  /** @internal */
  _check(scope: Construct, problems: Problems, datasets: readonly DatasetView[]): void {
    const { family, name, props, masterSecret } = this.parts;
    if (family !== undefined && FAMILIES[family] === undefined) {
      problems.add(`target must be PostgreSQL, MySQL or MariaDB, got ${family} of ${name}`);
    } else if (family !== undefined && props.engine !== undefined && props.engine !== FAMILIES[family]) {
      problems.add(`engine of target ${name} must be that of its family ${family}, got ${props.engine}; leave it out`);
    }
    if (this.engine === TargetEngine.MYSQL) {
      if (this.database === '') problems.add(`target ${name} needs the name of a database; set databaseName`);
      const { mysqlProblems } = contractBundle<MysqlBundle>();
      for (const dataset of datasets) for (const problem of mysqlProblems(dataset)) problems.add(problem);
    }
    if (props.secret === undefined && masterSecret === undefined) {
      problems.add(`target ${name} needs a secret with username and password of the user that loads; set secret`);
    } else if (props.secret === undefined) {
      Annotations.of(scope).addWarningV2(
        'headrace:masterUser',
        `loads into ${name} use the master user; make a user that may do less, and give its secret as secret`,
      );
    }
  }

  /** @internal */
  _checkDms(problems: Problems, certificateArn: string | undefined): void {
    if (this.engine === TargetEngine.MYSQL && this.isEncrypted && certificateArn === undefined) {
      problems.add(`engine LoadEngine.dms() encrypts a connection to MySQL only where it can check the certificate, got target ${this.parts.name} without one; set certificateArn`);
    }
  }

  /** @internal */
  _settings(): Record<string, unknown> {
    const { host, port, props } = this.parts;
    const ssl = props.tls ?? TargetTls.VERIFY_FULL;
    return {
      kind: this.engine,
      host,
      port,
      database: this.database,
      secretArn: this.secret.secretArn,
      ssl,
    };
  }

  /**
   * What a DMS endpoint needs to know; host, port and user come from the secret.
   *
   * @internal
   */
  _dms(): { engineName: string; database: string; secret: secretsmanager.ISecret; encrypted: boolean; isMysql: boolean } {
    const { engineType = '' } = this.parts;
    const isMysql = this.engine === TargetEngine.MYSQL;
    const isAurora = engineType.startsWith('aurora');
    return {
      engineName: isMysql ? (isAurora ? 'aurora' : engineType === 'mariadb' ? 'mariadb' : 'mysql') : isAurora ? 'aurora-postgresql' : 'postgres',
      database: this.database,
      secret: this.secret,
      encrypted: this.isEncrypted,
      isMysql,
    };
  }

  /**
   * Lets a replication instance in.
   *
   * @internal
   */
  _openForDms(instance: ec2.IConnectable): void {
    const { port, connectable } = this.parts;
    if (connectable !== undefined) instance.connections.allowTo(connectable, ec2.Port.tcp(port), 'Headrace loads through DMS');
  }

  /**
   * Lets the tasks in.
   *
   * Rules are made on the side of the tasks: made in the database's stack, they would tie both stacks to each other.
   *
   * @internal
   */
  _open(tasks: ec2.IConnectable, role: iam.IGrantable): void {
    const { port, connectable } = this.parts;
    this.secret.grantRead(role);
    if (connectable !== undefined) tasks.connections.allowTo(connectable, ec2.Port.tcp(port), 'Headrace loads');
  }

  private get isEncrypted(): boolean {
    return (this.parts.props.tls ?? TargetTls.VERIFY_FULL) !== TargetTls.DISABLE;
  }

  private get engine(): TargetEngine {
    const { family, props } = this.parts;
    return props.engine ?? FAMILIES[family ?? 'POSTGRESQL'] ?? TargetEngine.POSTGRES;
  }

  private get database(): string {
    const { props, madeWithDatabase } = this.parts;
    return props.databaseName ?? madeWithDatabase ?? (this.engine === TargetEngine.MYSQL ? '' : 'postgres');
  }

  private get secret(): secretsmanager.ISecret {
    return (this.parts.props.secret ?? this.parts.masterSecret) as secretsmanager.ISecret;
  }
}

/** By the template, where both sizes are numbers; RDS takes them as texts too. */
function growsByItself({ allocatedStorage, maxAllocatedStorage }: rds.CfnDBInstance): boolean {
  return maxAllocatedStorage !== undefined && Number(allocatedStorage) < maxAllocatedStorage;
}
