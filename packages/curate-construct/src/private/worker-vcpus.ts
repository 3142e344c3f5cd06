/**
 * vCPU of a worker of Glue by its type: `G.1X` and `R.1X` have 4, and the others as many times that as their name says. Undefined for others.
 *
 * @see https://docs.aws.amazon.com/glue/latest/dg/worker-types.html
 */
export function workerVcpus(type: string): number | undefined {
  const times = /^[GR]\.([1-9]\d?)X$/.exec(type)?.[1];
  return times === undefined ? undefined : 4 * Number(times);
}
