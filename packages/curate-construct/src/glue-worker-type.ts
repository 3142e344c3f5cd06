/**
 * Size of one worker of a job on AWS Glue: a G.1X is 4 vCPU, 16 GiB of memory and one DPU, and others are multiples of it.
 * R types have twice the memory.
 *
 * A class of this package and not the enum of aws-cdk-lib, which older releases that this package supports do not have.
 */
export class GlueWorkerType {
  /** 1 DPU: 4 vCPU, 16 GiB of memory. */
  static readonly G_1X = GlueWorkerType.of('G.1X');
  /** 2 DPU: 8 vCPU, 32 GiB of memory. */
  static readonly G_2X = GlueWorkerType.of('G.2X');
  /** 4 DPU: 16 vCPU, 64 GiB of memory. */
  static readonly G_4X = GlueWorkerType.of('G.4X');
  /** 8 DPU: 32 vCPU, 128 GiB of memory. */
  static readonly G_8X = GlueWorkerType.of('G.8X');
  /** 12 DPU: 48 vCPU, 192 GiB of memory. */
  static readonly G_12X = GlueWorkerType.of('G.12X');
  /** 16 DPU: 64 vCPU, 256 GiB of memory. */
  static readonly G_16X = GlueWorkerType.of('G.16X');
  /** 4 vCPU, 32 GiB of memory. */
  static readonly R_1X = GlueWorkerType.of('R.1X');
  /** 8 vCPU, 64 GiB of memory. */
  static readonly R_2X = GlueWorkerType.of('R.2X');
  /** 16 vCPU, 128 GiB of memory. */
  static readonly R_4X = GlueWorkerType.of('R.4X');
  /** 32 vCPU, 256 GiB of memory. */
  static readonly R_8X = GlueWorkerType.of('R.8X');

  /**
   * A type that this package does not know.
   *
   * @param name as Glue writes it, such as `G.1X`
   */
  static of(name: string): GlueWorkerType {
    return new GlueWorkerType(name);
  }

  private constructor(
    /** As Glue writes it, such as `G.1X`. */
    readonly name: string,
  ) {}
}
