/** Classes of replication instances that are advised, by memory and then by processors; what DMS has besides is known by the same names. */
export interface DmsClass {
  readonly name: string;
  readonly vcpus: number;
  readonly gibibytes: number;
}

const SIZES: readonly (readonly [size: string, vcpus: number])[] = [['large', 2], ['xlarge', 4], ['2xlarge', 8], ['4xlarge', 16], ['8xlarge', 32], ['16xlarge', 64]];

/** GiB of memory for each processor. */
const FAMILIES: Readonly<Record<string, number>> = { c6i: 2, r6i: 8 };

export const DMS_CLASSES: readonly DmsClass[] = [
  { name: 'dms.t3.medium', vcpus: 2, gibibytes: 4 },
  { name: 'dms.t3.large', vcpus: 2, gibibytes: 8 },
  ...Object.entries(FAMILIES).flatMap(([family, ratio]) => SIZES.map(([size, vcpus]) => ({ name: `dms.${family}.${size}`, vcpus, gibibytes: vcpus * ratio }))),
];

/** Capacity units of serverless replications; one has 2 GiB of memory. */
export const DCUS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

/** The smallest class with at least so much, of those that are larger than a given one. */
export function largerClass(than: DmsClass, needs: 'memory' | 'processors'): DmsClass | undefined {
  const fits = DMS_CLASSES.filter(({ vcpus, gibibytes }) => (needs === 'memory'
    ? gibibytes >= 2 * than.gibibytes && vcpus >= than.vcpus : vcpus >= 2 * than.vcpus && gibibytes >= than.gibibytes));
  return [...fits].sort((a, b) => a.gibibytes + 4 * a.vcpus - b.gibibytes - 4 * b.vcpus)[0];
}
