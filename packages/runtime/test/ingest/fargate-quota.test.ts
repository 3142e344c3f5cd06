import { scheduleLists } from '../../src/ingest/deadline';
import { fargateVcpus, widthWithin } from '../../src/ingest/fargate-quota';
import { HttpSource } from '../_fakes/http-source';
import { IngestStage } from '../_fixtures/ingest-stage';

const SMALL = { cpu: 256, memoryMiB: 512 };
const LARGE = { cpu: 4096, memoryMiB: 8192 };

describe('the Fargate quota of the account', () => {
  test('is a number of vCPU, or unknown', () => {
    expect(fargateVcpus({ fargateVcpus: 6 })).toBe(6);
    expect([undefined, null, {}, { fargateVcpus: null }, { fargateVcpus: 0 }, { fargateVcpus: '6' }].map(fargateVcpus)).toEqual(Array(6).fill(undefined));
  });

  test.each([
    ['unknown', undefined, 40, [SMALL], { concurrency: 40 }],
    ['just enough', 10, 40, [SMALL], { concurrency: 40 }],
    ['less than the stage may use', 6, 40, [SMALL], { concurrency: 24, quotaVcpus: 6 }],
    ['shared by tasks of two sizes', 6, 40, [SMALL, LARGE], { concurrency: 1, quotaVcpus: 6 }],
    ['not needed, as there is no task', 1, 40, [], { concurrency: 40 }],
  ])('%s', (_name, vcpus, concurrency, sizes, width) => {
    expect(widthWithin(vcpus, concurrency, sizes)).toEqual(width);
  });

  test('that holds not even one task is told with what would do', () => {
    expect(() => widthWithin(2, 40, [LARGE])).toThrow(expect.objectContaining({
      code: 'FARGATE_QUOTA', kind: 'terminal', fault: 'user',
      message: expect.stringMatching(/^one task needs 4 vCPU, and the account may run 2 vCPU of Fargate in this region; ask for more of the quota .*L-3032A538.*, or give the stage a smaller taskCpu/),
    }));
  });

  test('is named where it is what makes a deadline impossible', () => {
    const call = { lists: Array.from({ length: 100 }, () => ({ seconds: 300, size: SMALL })), basis: 'measured' as const, now: new Date('2026-01-05T03:00:00Z') };
    expect(() => scheduleLists({ ...call, concurrency: 4, quotaVcpus: 1, deadline: '2026-01-05T05:00:00Z' }))
      .toThrow(/; the account's Fargate quota of 1 vCPU is what limits: ask for more in Service Quotas \(L-3032A538\), enough for 5 tasks at once, or move the deadline/);
  });

  test('makes a plan narrower, which says so', async () => {
    const source = await HttpSource.start({ body: 'id,note\n1,a\n', etag: '"v1"' });
    const stage = await IngestStage.start({ trips: { kind: 'http', url: source.url() } });
    try {
      stage.settings.tasks = { concurrency: 40, ladder: [{ cpu: 1024, memoryMiB: 2048 }] };
      stage.quota = 6;
      const { estimate } = await stage.plan('s1', 1);
      expect(estimate).toMatchObject({ concurrency: 6, quotaVcpus: 6 });
      expect(stage.lines.find(({ code }) => code === 'INGEST_W1002').message)
        .toBe('the account may run 6 vCPU of Fargate, so 6 tasks run at once, and not 40; ask for more of the quota L-3032A538 in Service Quotas');
      stage.quota = undefined;
      expect((await stage.plan('s2', 1)).estimate).not.toHaveProperty('quotaVcpus');
    } finally {
      await stage.close();
      await source.close();
    }
  });
});
