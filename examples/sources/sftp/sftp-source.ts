import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { SecretValue, Stack, aws_secretsmanager as secretsmanager, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface SftpSourceStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
  readonly host: string;
  readonly port: number;
  /** Fingerprints of the server's host keys. */
  readonly hostKeys: string[];
  readonly path: string;
  /** For a try on one machine. In an account the secret is made outside of the app, and looked up by name. */
  readonly login: { readonly username: string; readonly privateKey: string };
}

/** Brings the files of a partner's SFTP server into Raw. */
export class SftpSourceStack extends Stack {
  constructor(scope: Construct, id: string, props: SftpSourceStackProps) {
    super(scope, id, props);
    const { contract, host, port, hostKeys, path, login } = props;
    const secret = new secretsmanager.Secret(this, 'Login', { secretStringValue: SecretValue.unsafePlainText(JSON.stringify(login)) });
    new IngestStage(this, 'Ingest', {
      contract,
      sources: { trips: IngestSource.sftp({ host, port, secret, hostKeys, path, glob: '*.csv' }) },
      size: IngestSize.DEV,
    });
  }
}
