import { Annotations, aws_ec2 as ec2, type aws_iam as iam, aws_rds as rds, type aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Problems } from './private/stage/fail';

/** How tasks check that they talk to the database. */
export enum TargetTls {
  /** The server's certificate must be valid, and made for its host name. */
  VERIFY_FULL = 'verify-full',

  /** No TLS: only for a server on the same machine. */
  DISABLE = 'disable',
}

/** What is known of a database, besides the resource itself. */
export interface LoadTargetProps {
  /**
   * Secret with JSON members `username` and `password` of the user that loads. It is read again for each connection.
   *
   * @default - the secret of the master user that the database was made with, with a warning; imported databases have none
   */
  readonly secret?: secretsmanager.ISecret;

  /**
   * Name of the database in the server.
   *
   * @default - the one that the instance or cluster was made with, else `postgres`
   */
  readonly databaseName?: string;

  /**
   * How the connection is secured.
   *
   * @default TargetTls.VERIFY_FULL
   */
  readonly tls?: TargetTls;
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
   * @default 5432
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
  readonly family?: string;
  /** As the engine is called in CloudFormation: `postgres`, `aurora-postgresql`. */
  readonly engineType?: string;
  readonly props: LoadTargetProps;
}

/** The database that rows are loaded into. PostgreSQL for now. */
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
      family: instance.engine?.engineFamily,
      engineType: instance.engine?.engineType,
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
      props,
    });
  }

  /** Any other server. */
  static fromEndpoint(props: EndpointTargetProps): LoadTarget {
    const port = props.port ?? 5432;
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
  _check(scope: Construct, problems: Problems): void {
    const { family, name, props, masterSecret } = this.parts;
    if (family !== undefined && family !== 'POSTGRESQL' && family !== 'POSTGRES') {
      problems.add(`target must be PostgreSQL, got ${family} of ${name}`);
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
  _settings(): Record<string, unknown> {
    const { host, port, props, madeWithDatabase } = this.parts;
    const ssl = props.tls ?? TargetTls.VERIFY_FULL;
    return {
      kind: 'postgres',
      host,
      port,
      database: props.databaseName ?? madeWithDatabase ?? 'postgres',
      secretArn: this.secret.secretArn,
      ssl,
    };
  }

  /**
   * What a DMS endpoint needs to know; host, port and user come from the secret.
   *
   * @internal
   */
  _dms(): { engineName: string; database: string; secret: secretsmanager.ISecret; encrypted: boolean } {
    const { engineType, props, madeWithDatabase } = this.parts;
    return {
      engineName: engineType?.startsWith('aurora') === true ? 'aurora-postgresql' : 'postgres',
      database: props.databaseName ?? madeWithDatabase ?? 'postgres',
      secret: this.secret,
      encrypted: (props.tls ?? TargetTls.VERIFY_FULL) !== TargetTls.DISABLE,
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

  private get secret(): secretsmanager.ISecret {
    return (this.parts.props.secret ?? this.parts.masterSecret) as secretsmanager.ISecret;
  }
}
