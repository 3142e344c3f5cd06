import type { aws_iam as iam } from 'aws-cdk-lib';
import type { ContainerSourceProps } from './container-source';
import type { HttpPagesSourceProps } from './http-pages';
import type { HttpDatesSourceProps, HttpFilesSourceProps, HttpSourceProps } from './http-source';
import type { MysqlSourceProps } from './mysql-source';
import type { PostgresSourceProps } from './postgres-source';
import { bindContainer } from './private/bind-container';
import { bindHttp, bindHttpDates, bindHttpFiles, bindHttpPages } from './private/bind-http';
import { bindS3 } from './private/bind-s3';
import { bindSftp } from './private/bind-sftp';
import { bindSql } from './private/bind-sql';
import { checkProps, type PropNames } from './private/check-props';
import type { BoundSource, SourceBinding } from './private/source-binding';
import {
  CONTAINER_PROPS, HTTP_DATES_PROPS, HTTP_FILES_PROPS, HTTP_PAGES_PROPS, HTTP_PROPS, S3_PROPS, SFTP_PROPS, SQL_PROPS,
} from './private/source-props';
import type { S3SourceProps } from './s3-source';
import type { SftpSourceProps } from './sftp-source';

/** Where the bytes of a dataset come from. What they are stands in the data contract. */
export abstract class IngestSource {
  /**
   * Any image in any language, which reads a source and leaves files; for what has no kind of its own.
   *
   * @example
   * const orders = IngestSource.container({ image: ecs.ContainerImage.fromAsset('extractor'), parameters: { table: 'orders' } });
   */
  static container(props: ContainerSourceProps): ContainerSource {
    return new ContainerSource(props);
  }

  /** A file or endpoint behind HTTP. It is not fetched again while its ETag or Last-Modified is that of the last commit. */
  static http(props: HttpSourceProps): IngestSource {
    return new PropsSource(props, HTTP_PROPS, bindHttp);
  }

  /**
   * Files behind HTTP of which there is one for each hour, day or month. Each run reads those since the last commit.
   *
   * @example
   * const source = IngestSource.httpDates({
   *   urlTemplate: 'https://data.example.com/{yyyy}/trips-{yyyy-MM-dd}.csv.gz',
   *   step: HttpDateStep.DAY,
   *   firstDate: '2026-01-01',
   *   timeZone: 'Europe/Berlin',
   * });
   */
  static httpDates(props: HttpDatesSourceProps): IngestSource {
    return new PropsSource(props, HTTP_DATES_PROPS, bindHttpDates);
  }

  /** Several files behind HTTP, each one part. Where the dataset is no snapshot, files that did not change are not fetched again. */
  static httpFiles(props: HttpFilesSourceProps): IngestSource {
    return new PropsSource(props, HTTP_FILES_PROPS, bindHttpFiles);
  }

  /**
   * An API that answers in pages. Each page lands as it came, as one part; a batch is all of them, or none.
   *
   * @example
   * declare const secret: secretsmanager.Secret;
   *
   * const source = IngestSource.httpPages({
   *   url: 'https://api.example.com/v1/orders',
   *   paging: HttpPaging.cursor({ cursorAt: '/next_cursor', parameter: 'cursor' }),
   *   recordsAt: '/data',
   *   since: HttpSince.time({ parameter: 'updated_since' }),
   *   auth: HttpAuth.bearer(secret),
   * });
   */
  static httpPages(props: HttpPagesSourceProps): IngestSource {
    return new PropsSource(props, HTTP_PAGES_PROPS, bindHttpPages);
  }

  /**
   * Objects of another bucket or prefix, by listing or by manifest. An object that is committed in its version is not read
   * again; what is new or changed is a part of the next batch.
   *
   * @example
   * IngestSource.s3({ bucket: s3.Bucket.fromBucketName(this, 'Theirs', 'partner-exports'), prefix: 'trips/', suffix: '.csv.gz' });
   */
  static s3(props: S3SourceProps): IngestSource {
    return new PropsSource(props, S3_PROPS, bindS3);
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
    return new PropsSource(props, SFTP_PROPS, bindSftp);
  }

  /**
   * A table or query of MySQL or MariaDB, streamed row by row; every value is the server's own text.
   *
   * @example
   * declare const database: rds.DatabaseInstance;
   *
   * IngestSource.mysql({ database: SourceDatabase.fromInstance(database), table: 'orders' });
   */
  static mysql(props: MysqlSourceProps): IngestSource {
    return new PropsSource(props, SQL_PROPS, (checked, binding) => bindSql('mysql', checked, binding));
  }

  /**
   * A table or query of PostgreSQL, exported by COPY.
   *
   * @example
   * declare const database: rds.DatabaseInstance;
   *
   * IngestSource.postgres({
   *   database: SourceDatabase.fromInstance(database),
   *   table: 'orders',
   *   cursorColumn: 'updated_at',
   *   lag: Duration.minutes(10),
   * });
   */
  static postgres(props: PostgresSourceProps): IngestSource {
    return new PropsSource(props, SQL_PROPS, (checked, binding) => bindSql('postgres', checked, binding));
  }

  /**
   * The source as the run time reads it, and what it needs.
   *
   * @internal
   */
  abstract _bind(binding: SourceBinding): BoundSource;
}

/** A source that a container of yours reads. Grant its task what it needs once it is part of a stage. */
export class ContainerSource extends IngestSource implements iam.IGrantable {
  private role?: iam.IRole;
  private bound = false;

  /** @internal */
  constructor(private readonly props: ContainerSourceProps) {
    super();
  }

  /** The role of the source's task. */
  get grantPrincipal(): iam.IPrincipal {
    if (this.role === undefined) throw new Error('the source has no role before it is part of a stage; grant after new IngestStage(…) [SOURCE_UNBOUND]');
    return this.role.grantPrincipal;
  }

  /** @internal */
  _bind(binding: SourceBinding): BoundSource {
    if (this.bound) binding.problems.add(`${binding.prop} is the source of another dataset too, and each has a role of its own; make one with IngestSource.container for each`);
    this.bound = true;
    if (!checkProps(this.props, CONTAINER_PROPS, `${binding.prop}.`, binding.problems)) return { settings: {} };
    return { ...bindContainer(this.props, binding), useRole: (role) => { this.role = role; } };
  }
}

class PropsSource<T extends object> extends IngestSource {
  constructor(
    private readonly props: T, private readonly names: PropNames<T>, private readonly bind: (props: T, binding: SourceBinding) => BoundSource,
  ) {
    super();
  }

  /** @internal */
  _bind(binding: SourceBinding): BoundSource {
    // Without what must be there nothing more can be said; the stage throws before it uses such a source.
    return checkProps(this.props, this.names, `${binding.prop}.`, binding.problems) ? this.bind(this.props, binding) : { settings: {} };
  }
}
