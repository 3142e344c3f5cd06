import type { HttpSourceProps } from './http-source';
import { bindHttp } from './private/bind-http';
import { bindS3 } from './private/bind-s3';
import { bindSftp } from './private/bind-sftp';
import type { BoundSource, SourceBinding } from './private/source-binding';
import type { S3SourceProps } from './s3-source';
import type { SftpSourceProps } from './sftp-source';

/** Where the bytes of a dataset come from. What they are stands in the data contract. */
export abstract class IngestSource {
  /** A file or endpoint behind HTTP. It is not fetched again while its ETag or Last-Modified is that of the last commit. */
  static http(props: HttpSourceProps): IngestSource {
    return new PropsSource((binding) => bindHttp(props, binding));
  }

  /**
   * Objects of another bucket or prefix, by listing or by manifest. An object that is committed in its version is not read
   * again; what is new or changed is a part of the next batch.
   *
   * @example
   * IngestSource.s3({ bucket: s3.Bucket.fromBucketName(this, 'Theirs', 'partner-exports'), prefix: 'trips/', suffix: '.csv.gz' });
   */
  static s3(props: S3SourceProps): IngestSource {
    return new PropsSource((binding) => bindS3(props, binding));
  }

  /**
   * Files in a folder of an SFTP server. A file that is committed in its size and time is not read again. The server must show
   * one of the host keys that are named. Planning runs in a task, since it connects to the server.
   *
   * @example
   * IngestSource.sftp({
   *   host: 'sftp.example.com',
   *   secret: secretsmanager.Secret.fromSecretNameV2(this, 'Login', 'partner-sftp'),
   *   hostKeys: ['SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM'],
   *   path: '/outgoing/trips',
   *   glob: '*.csv',
   * });
   */
  static sftp(props: SftpSourceProps): IngestSource {
    return new PropsSource((binding) => bindSftp(props, binding));
  }

  /**
   * The source as the run time reads it, and what it needs.
   *
   * @internal
   */
  abstract _bind(binding: SourceBinding): BoundSource;
}

class PropsSource extends IngestSource {
  constructor(private readonly bind: (binding: SourceBinding) => BoundSource) {
    super();
  }

  /** @internal */
  _bind(binding: SourceBinding): BoundSource {
    return this.bind(binding);
  }
}
