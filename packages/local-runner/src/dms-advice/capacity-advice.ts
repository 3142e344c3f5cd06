import type { Bottleneck } from './bottleneck';
import { DCUS, DMS_CLASSES, largerClass, type DmsClass } from './dms-classes';

/** What the load ran on. */
export type RunsOn = { readonly instanceClass: DmsClass } | { readonly maxDcu: number };

/** What to do about a bottleneck, in lines for people; code where there is a prop to set. */
export function capacityAdvice({ side, short = 'memory', signs }: Bottleneck, on: RunsOn | undefined): string[] {
  if (side === 'target') {
    return [
      'The database is the bottleneck: a larger replication instance would change nothing.',
      'Give it faster disks (IOPS, throughput) or a larger class for the night, choose a quieter window (headrace window suggest), or load fewer commits at a time (lanes).',
    ];
  }
  if (side === 'source') {
    return [
      'Neither database nor capacity is at its limit: the load waits for the one thread with which DMS reads a table, or for S3.',
      'A larger class changes nothing. More lanes load commits of a dataset side by side; LoadEngine.fargate() reads the parts of one commit side by side.',
      ...smaller(signs, on),
    ];
  }
  const what = short === 'memory' ? 'the memory of the capacity that DMS runs on is the bottleneck' : 'the processors of the instance are the bottleneck';
  const lines = [`${what[0]!.toUpperCase()}${what.slice(1)}.`];
  if (on === undefined) return [...lines, 'Say with --class or --dcu what it ran on, and the next size is named.'];
  if ('maxDcu' in on) {
    const next = DCUS.find((units) => units > on.maxDcu);
    return [...lines, next === undefined ? 'There is no larger capacity: set fewer lanes, or a smaller maxTextSize.' : `  capacity: DmsCapacity.serverless({ maxDcu: ${next} }),`];
  }
  const next = largerClass(on.instanceClass, short);
  if (next === undefined) return [...lines, 'There is no larger class here: set fewer lanes, or a smaller maxTextSize.'];
  const cheaper = short === 'memory' ? ['Or, without more cost, fewer lanes or a smaller maxTextSize: DMS keeps memory for the longest text of each row.'] : [];
  return [...lines, `  capacity: DmsCapacity.instance({ instanceClass: '${next.name}' }), // ${next.vcpus} vCPU, ${next.gibibytes} GiB`, ...cheaper];
}

/** Half of a class would do where it was never half busy. */
function smaller(signs: Bottleneck['signs'], on: RunsOn | undefined): string[] {
  if (on === undefined || 'maxDcu' in on) return [];
  const { vcpus, gibibytes } = on.instanceClass;
  const cpu = signs.find(({ metric }) => metric === 'instance CPUUtilization');
  const swap = signs.find(({ metric }) => metric === 'instance SwapUsage');
  if (cpu === undefined || swap === undefined || cpu.highest >= 40 || swap.share > 0) return [];
  const half = DMS_CLASSES.filter((each) => each.vcpus <= vcpus && each.gibibytes < gibibytes && each.gibibytes >= gibibytes / 2).at(0);
  return half === undefined ? [] : [`Its processors were never busier than ${Math.round(cpu.highest)} %: try ${half.name} (${half.vcpus} vCPU, ${half.gibibytes} GiB), and look at SwapUsage again.`];
}
