import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { getMetricData } from '../../src/services/database-space';

const asked: object[] = [];
const call = getMetricData(
  { assembly: { ofType: (type: string) => (type === 'AWS::RDS::DBInstance' ? [{ ref: 'shop-db' }] : []) } } as never,
  { authorize: (access: object) => { asked.push(access); } } as never, tmpdir(),
);
const valuesOf = async (metric: object): Promise<number[]> => {
  const answer = await call({ arguments: { MetricDataQueries: [{ Id: 'free', MetricStat: { Metric: metric } }] } } as never) as { MetricDataResults: { Id: string; Values: number[] }[] };
  expect(answer.MetricDataResults).toHaveLength(1);
  expect(answer.MetricDataResults[0]!.Id).toBe('free');
  return answer.MetricDataResults[0]!.Values;
};
const of = (Value: string): object[] => [{ Name: 'DBInstanceIdentifier', Value }];

test('a metric is the free bytes of the disk for the storage of an instance of the app, by a right, and has no value for anything else', async () => {
  const [free] = await valuesOf({ Namespace: 'AWS/RDS', MetricName: 'FreeStorageSpace', Dimensions: of('shop-db') });
  const { blocks, bsize } = statfsSync(tmpdir());
  expect(free).toBeGreaterThan(0);
  expect(free).toBeLessThanOrEqual(blocks * bsize);
  expect(asked).toEqual([{ action: 'cloudwatch:GetMetricData', resource: '*' }]);
  expect(await valuesOf({ Namespace: 'AWS/RDS', MetricName: 'FreeStorageSpace', Dimensions: of('another') })).toEqual([]);
  expect(await valuesOf({ Namespace: 'AWS/RDS', MetricName: 'CPUUtilization', Dimensions: of('shop-db') })).toEqual([]);
  await expect(async () => call({ arguments: {} } as never)).rejects.toThrow('MetricDataQueries must be a list of queries');
});
