import { CurateStage } from '@headrace/curate-construct';
import type { IngestStage } from '@headrace/ingest-construct';
import { LoadTarget, RdsLoaderStage, TargetEngine, TargetTls, WriteMode } from '@headrace/rds-loader-construct';
import { SecretValue, Stack, aws_secretsmanager as secretsmanager, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface MysqlTargetStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
  readonly ingest: IngestStage;
  /** For a try on one machine. In an account the target is an RDS instance, and the secret is made outside of the app. */
  readonly login: { readonly username: string; readonly password: string };
  readonly host: string;
  readonly port: number;
  /** Database of the tables. */
  readonly databaseName: string;
}

/** Brings what was ingested into tables of a MySQL or MariaDB server. */
export class MysqlTargetStack extends Stack {
  constructor(scope: Construct, id: string, props: MysqlTargetStackProps) {
    super(scope, id, props);
    const { contract, ingest, databaseName } = props;
    const curate = new CurateStage(this, 'Curate', { contract, rawBucket: ingest.rawBucket, databaseName: 'trips' });
    new RdsLoaderStage(this, 'Load', {
      contract,
      curatedBucket: curate.curatedBucket,
      target: LoadTarget.fromEndpoint({
        engine: TargetEngine.MYSQL, host: props.host, port: props.port, databaseName,
        secret: new secretsmanager.Secret(this, 'Login', { secretStringValue: SecretValue.unsafePlainText(JSON.stringify(props.login)) }),
        // The server is on the same machine; any other is asked for its certificate.
        tls: TargetTls.DISABLE,
      }),
      writeMode: WriteMode.merge(),
    });
  }
}
