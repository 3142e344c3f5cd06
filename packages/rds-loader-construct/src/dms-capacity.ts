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

/** A serverless replication of each load. A capacity unit (DCU) has 2 GiB of memory and is paid for while a load runs. */
export interface DmsServerlessProps {
  /**
   * Most capacity units that DMS may take: 1, 2, 4, 8, 16, 32, 64, 128, 192, 256 or 384.
   */
  readonly maxDcu: number;

  /**
   * Capacity units that DMS begins with at least, of the same list. During a full load it takes more where memory is short, and never fewer.
   *
   * @default 1
   */
  readonly minDcu?: number;
}

/** Numbers of capacity units that DMS provides. */
const UNITS = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

interface CapacityKind {
  readonly instance?: DmsInstanceProps;
  readonly arn?: string;
  readonly serverless?: DmsServerlessProps;
}

/** What the replications of a load run on. */
export class DmsCapacity {
  /** A replication instance that the stage makes. It costs by the hour, also while no load runs. */
  static instance(props: DmsInstanceProps = {}): DmsCapacity {
    return new DmsCapacity({ instance: props });
  }

  /**
   * A replication instance that is there already, in a network that reaches the database, S3 and Secrets Manager.
   *
   * @param replicationInstanceArn its ARN, as `Ref` of `AWS::DMS::ReplicationInstance` gives it
   */
  static fromInstanceArn(replicationInstanceArn: string): DmsCapacity {
    return new DmsCapacity({ arn: replicationInstanceArn });
  }

  /**
   * Capacity that DMS provides when a load begins, and takes away when it has ended: nothing is paid for between loads, and each begins
   * minutes later.
   *
   * It has no public address, so the network needs VPC endpoints of S3 and Secrets Manager.
   */
  static serverless(props: DmsServerlessProps): DmsCapacity {
    return new DmsCapacity({ serverless: props });
  }

  private constructor(private readonly kind: CapacityKind) {}

  /** @internal */
  get _instanceArn(): string | undefined {
    return this.kind.arn;
  }

  /** @internal */
  get _serverless(): Pick<dms.CfnReplicationConfig.ComputeConfigProperty, 'minCapacityUnits' | 'maxCapacityUnits'> | undefined {
    const { serverless } = this.kind;
    return serverless === undefined ? undefined : { minCapacityUnits: serverless.minDcu ?? 1, maxCapacityUnits: serverless.maxDcu };
  }

  /** @internal */
  _instance(): Pick<dms.CfnReplicationInstanceProps, 'replicationInstanceClass' | 'allocatedStorage' | 'multiAz' | 'engineVersion'> {
    const { instanceClass = 'dms.t3.medium', storage = Size.gibibytes(50), multiAz = false, engineVersion } = this.kind.instance ?? {};
    return { replicationInstanceClass: instanceClass, allocatedStorage: storage.toGibibytes(), multiAz, engineVersion };
  }

  /** @internal */
  _check(problems: Problems): void {
    const { instanceClass, storage } = this.kind.instance ?? {};
    if (instanceClass !== undefined && !/^dms\.[a-z0-9]+\.[a-z0-9]+$/.test(instanceClass)) {
      problems.add(`instanceClass must be a class of replication instances like dms.t3.medium, got ${JSON.stringify(instanceClass)}`);
    }
    const gibibytes = storage?.toGibibytes({ rounding: SizeRoundingBehavior.NONE }) ?? 50;
    if (!Number.isInteger(gibibytes) || gibibytes < 5 || gibibytes > 6144) {
      problems.add(`storage of the replication instance must be whole gibibytes from 5 to 6144, got ${gibibytes}`);
    }
    const { serverless } = this.kind;
    if (serverless === undefined) return;
    const { maxDcu, minDcu = 1 } = serverless;
    for (const [name, units] of Object.entries({ maxDcu, minDcu })) {
      if (!UNITS.includes(units)) problems.add(`${name} of DmsCapacity.serverless must be one of ${UNITS.join(', ')}, got ${units}`);
    }
    if (minDcu > maxDcu) problems.add(`minDcu of DmsCapacity.serverless must not exceed maxDcu, got ${minDcu} and ${maxDcu}`);
  }
}
