/** What copies committed files into staging tables. */
export class LoadEngine {
  /** Our own loader in Fargate tasks: Parquet to binary COPY, several parts at the same time. */
  static fargate(): LoadEngine {
    return new LoadEngine('fargate');
  }

  /** @internal */
  readonly _kind: 'fargate';

  private constructor(kind: 'fargate') {
    this._kind = kind;
  }
}
