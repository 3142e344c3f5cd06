/**
 * A version of AWS Glue, which says what Spark and Iceberg a job runs with.
 *
 * A class of this package and not the enum of aws-cdk-lib, which older releases that this package supports do not have.
 */
export class GlueVersion {
  /** Spark 3.5.4, Iceberg 1.7. */
  static readonly V5_0 = GlueVersion.of('5.0');
  /** Spark 3.5.6, Iceberg 1.10. */
  static readonly V5_1 = GlueVersion.of('5.1');
  /** Spark 4. */
  static readonly V6_0 = GlueVersion.of('6.0');

  /**
   * A version that this package does not know.
   *
   * @param version as Glue writes it, such as `5.1`
   */
  static of(version: string): GlueVersion {
    return new GlueVersion(version);
  }

  private constructor(
    /** As Glue writes it, such as `5.1`. */
    readonly version: string,
  ) {}
}
