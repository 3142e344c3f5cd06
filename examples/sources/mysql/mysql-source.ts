import { IngestSize, IngestSource, IngestStage, SourceDatabase } from '@headrace/ingest-construct';
import { SecretValue, Stack, aws_secretsmanager as secretsmanager, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface MysqlSourceStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
  /** PEM text of the authority that signed the server's certificate. */
  readonly authority: string;
  /** For a try on one machine. In an account the secret is made outside of the app, and looked up by name. */
  readonly login: { readonly username: string; readonly password: string; readonly host: string; readonly port: number; readonly dbname: string };
}

/** Brings a query of a MySQL server outside of AWS into Raw; where the server is stands in the secret. */
export class MysqlSourceStack extends Stack {
  readonly ingest: IngestStage;

  constructor(scope: Construct, id: string, props: MysqlSourceStackProps) {
    super(scope, id, props);
    const secret = new secretsmanager.Secret(this, 'Login', { secretStringValue: SecretValue.unsafePlainText(JSON.stringify(props.login)) });
    this.ingest = new IngestStage(this, 'Ingest', {
      contract: props.contract,
      sources: {
        trips: IngestSource.mysql({
          database: SourceDatabase.fromEndpoint({ secret, authority: props.authority }), query: "SELECT id, note, changed_at FROM trips WHERE note <> 'draft' ORDER BY id",
        }),
      },
      size: IngestSize.DEV,
    });
  }
}
