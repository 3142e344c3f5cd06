import { type aws_dms as dms, Size, SizeRoundingBehavior } from 'aws-cdk-lib';
import type { Problems } from './private/stage/fail';

/** A replication instance of a stage's own. */
export interface DmsInstanceProps {
  /**
   * Class of the instance, such as `dms.t3.medium` or `dms.r6i.large`.
   *
   * @default dms.t3.medium
   */
  readonly instanceClass?: string;

  /**
   * Disk for logs and for rows that do not fit into memory, 5 GiB to 6 TiB.
   *
   * @default Size.gibibytes(50)
   */
  readonly storage?: Size;

  /**
   * Whether a second instance stands by in another Availability Zone, which doubles the cost. A load that an outage stops is started again anyway.
   *
   * @default false
   */
  readonly multiAz?: boolean;

  /**
   * Version of the replication engine, such as `3.5.4`.
   *
   * @default - what DMS takes by itself
   */
  readonly engineVersion?: string;
}

/** What the replication tasks of a load run on. */
export class DmsCapacity {
  /** A replication instance that the stage makes. It costs by the hour, also while no load runs. */
  static instance(props: DmsInstanceProps = {}): DmsCapacity {
    return new DmsCapacity(props, undefined);
  }

  /**
   * A replication instance that is there already, in a network that reaches the database, S3 and Secrets Manager.
   *
   * @param replicationInstanceArn its ARN, as `Ref` of `AWS::DMS::ReplicationInstance` gives it
   */
  static fromInstanceArn(replicationInstanceArn: string): DmsCapacity {
    return new DmsCapacity(undefined, replicationInstanceArn);
  }

  private constructor(private readonly props: DmsInstanceProps | undefined, private readonly arn: string | undefined) {}

  /** @internal */
  get _instanceArn(): string | undefined {
    return this.arn;
  }

  /** @internal */
  _instance(): Pick<dms.CfnReplicationInstanceProps, 'replicationInstanceClass' | 'allocatedStorage' | 'multiAz' | 'engineVersion'> {
    const { instanceClass = 'dms.t3.medium', storage = Size.gibibytes(50), multiAz = false, engineVersion } = this.props ?? {};
    return { replicationInstanceClass: instanceClass, allocatedStorage: storage.toGibibytes(), multiAz, engineVersion };
  }

  /** @internal */
  _check(problems: Problems): void {
    const { instanceClass, storage } = this.props ?? {};
    if (instanceClass !== undefined && !/^dms\.[a-z0-9]+\.[a-z0-9]+$/.test(instanceClass)) {
      problems.add(`instanceClass must be a class of replication instances like dms.t3.medium, got ${JSON.stringify(instanceClass)}`);
    }
    const gibibytes = storage?.toGibibytes({ rounding: SizeRoundingBehavior.NONE }) ?? 50;
    if (!Number.isInteger(gibibytes) || gibibytes < 5 || gibibytes > 6144) {
      problems.add(`storage of the replication instance must be whole gibibytes from 5 to 6144, got ${gibibytes}`);
    }
  }
}
