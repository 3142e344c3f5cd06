import { aws_ec2 as ec2, aws_rds as rds, type aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';
import type { SourceBinding } from './private/source-binding';
import { SourceTls } from './source-tls';

/** What is known of a database that is read, besides the resource itself. */
export interface SourceDatabaseProps {
  /**
   * Secret with JSON members `username` and `password` of the user that reads. It is read again for each connection.
   *
   * @default - the secret of the master user that the database was made with; imported databases have none
   */
  readonly secret?: secretsmanager.ISecret;

  /**
   * Name of the database in the server.
   *
   * @default - the one that the instance or cluster was made with, else `dbname` of the secret
   */
  readonly databaseName?: string;

  /**
   * How the connection is secured.
   *
   * @default SourceTls.VERIFY_FULL
   */
  readonly tls?: SourceTls;

  /**
   * PEM text of the authorities that may sign the server's certificate. It is no secret, and stands in the template.
   *
   * @default - those that the task's image trusts: the public ones, and those of Amazon RDS
   */
  readonly authority?: string;
}

/** A database that the app knows by its address only. */
export interface EndpointDatabaseProps extends SourceDatabaseProps {
  /**
   * Host name; certificates are checked against it.
   *
   * @default - `host` of the secret
   */
  readonly host?: string;

  /**
   * Port.
   *
   * @default - `port` of the secret, else 5432 for PostgreSQL and 3306 for MySQL
   */
  readonly port?: number;

  /**
   * Security group of the server, which the tasks may then connect to. It needs `port`.
   *
   * @default - no rule is added
   */
  readonly securityGroup?: ec2.ISecurityGroup;
}

/** What a database is, once all sources of its values are merged. */
interface DatabaseParts {
  readonly name: string;
  readonly host?: string;
  readonly port?: number;
  readonly connectable?: ec2.IConnectable;
  readonly masterSecret?: secretsmanager.ISecret;
  readonly madeWithDatabase?: string;
  readonly family?: string;
  readonly props: SourceDatabaseProps;
}

/** The database server that rows are read from. */
export class SourceDatabase {
  /** An RDS instance. */
  static fromInstance(instance: rds.IDatabaseInstance, props: SourceDatabaseProps = {}): SourceDatabase {
    const resource = instance.node.defaultChild;
    return new SourceDatabase({
      name: instance.node.path,
      host: instance.instanceEndpoint.hostname,
      port: instance.instanceEndpoint.port,
      connectable: instance,
      masterSecret: instance instanceof rds.DatabaseInstance ? instance.secret : undefined,
      madeWithDatabase: resource instanceof rds.CfnDBInstance ? resource.dbName : undefined,
      family: instance.engine?.engineFamily,
      props,
    });
  }

  /** An Aurora or Multi-AZ cluster; it is read at its reader endpoint, which spares the writer. */
  static fromCluster(cluster: rds.IDatabaseCluster, props: SourceDatabaseProps = {}): SourceDatabase {
    const resource = cluster.node.defaultChild;
    return new SourceDatabase({
      name: cluster.node.path,
      host: cluster.clusterReadEndpoint.hostname,
      port: cluster.clusterReadEndpoint.port,
      connectable: cluster,
      masterSecret: cluster instanceof rds.DatabaseCluster ? cluster.secret : undefined,
      madeWithDatabase: resource instanceof rds.CfnDBCluster ? resource.databaseName : undefined,
      family: cluster.engine?.engineFamily,
      props,
    });
  }

  /** Any other server; what is left out is in the secret. */
  static fromEndpoint(props: EndpointDatabaseProps): SourceDatabase {
    const { host, port, securityGroup } = props;
    return new SourceDatabase({
      name: host ?? 'of the secret',
      host,
      port,
      connectable: securityGroup === undefined || port === undefined
        ? undefined
        : new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.tcp(port) }),
      props,
    });
  }

  private constructor(private readonly parts: DatabaseParts) {}

  /** @internal */
  _check(families: string[], { prop, problems }: SourceBinding): void {
    const { family, name, props } = this.parts;
    if (family !== undefined && !families.includes(family)) problems.add(`${prop}.database ${name} is ${family}; use the factory of that engine`);
    if (this._secret === undefined) problems.add(`${prop}.database ${name} needs a secret with username and password of the user that reads; set secret`);
    const { securityGroup, port } = props as EndpointDatabaseProps;
    if (securityGroup !== undefined && port === undefined) problems.add(`${prop}.database.port is missing; a rule for the security group needs it`);
  }

  /** @internal */
  get _secret(): secretsmanager.ISecret | undefined {
    return this.parts.props.secret ?? this.parts.masterSecret;
  }

  /** @internal */
  _settings(): Record<string, unknown> {
    const { host, port, props, madeWithDatabase } = this.parts;
    return {
      host,
      port,
      database: props.databaseName ?? madeWithDatabase,
      secretArn: this._secret?.secretArn,
      ssl: props.tls ?? SourceTls.VERIFY_FULL,
      authority: props.authority,
    };
  }

  /**
   * Lets the tasks in. Rules are made on the side of the tasks: made in the database's stack, they would tie both stacks to each other.
   *
   * @internal
   */
  _open(tasks: ec2.IConnectable): void {
    const { connectable, port } = this.parts;
    if (connectable !== undefined && port !== undefined) tasks.connections.allowTo(connectable, ec2.Port.tcp(port), 'Headrace ingests');
  }
}
