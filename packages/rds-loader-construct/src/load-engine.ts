import type { DmsEngineProps } from './dms-engine-props';

/** What copies committed files into staging tables. Claim before and Publish after are the same for all. */
export class LoadEngine {
  /** Our own loader in Fargate tasks: Parquet to binary COPY, several parts at the same time. */
  static fargate(): LoadEngine {
    return new LoadEngine('fargate');
  }

  /**
   * AWS DMS: parts are written as CSV for an S3 source endpoint, and a replication fills the staging tables.
   *
   * Costs more and loads slower than our own loader, for teams that must go through DMS. The secret of the target must hold `host` and `port`
   * beside `username` and `password`, as secrets do that are attached to a database.
   */
  static dms(props: DmsEngineProps): LoadEngine {
    return new LoadEngine('dms', props);
  }

  private constructor(
    /** @internal */
    readonly _kind: 'fargate' | 'dms',
    /** @internal */
    readonly _dms?: DmsEngineProps,
  ) {}
}
