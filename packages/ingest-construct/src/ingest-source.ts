import type { HttpSourceProps } from './http-source';
import type { MysqlSourceProps } from './mysql-source';
import type { PostgresSourceProps } from './postgres-source';
import { bindHttp } from './private/bind-http';
import { bindSql } from './private/bind-sql';
import type { BoundSource, SourceBinding } from './private/source-binding';

/** Where the bytes of a dataset come from. What they are stands in the data contract. */
export abstract class IngestSource {
  /** A file or endpoint behind HTTP. It is not fetched again while its ETag or Last-Modified is that of the last commit. */
  static http(props: HttpSourceProps): IngestSource {
    return new PropsSource((binding) => bindHttp(props, binding));
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
    return new PropsSource((binding) => bindSql('mysql', props, binding));
  }

  /**
   * A table or query of PostgreSQL, exported by COPY.
   *
   * @example
   * declare const database: rds.DatabaseInstance;
   *
   * IngestSource.postgres({ database: SourceDatabase.fromInstance(database), table: 'orders', cursorColumn: 'updated_at', lag: Duration.minutes(10) });
   */
  static postgres(props: PostgresSourceProps): IngestSource {
    return new PropsSource((binding) => bindSql('postgres', props, binding));
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
