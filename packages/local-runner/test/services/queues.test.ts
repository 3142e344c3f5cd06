import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalQueues, type Queue } from '../../src/services/queues';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:work';
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';
const DEFAULTS: Queue = { arn: ARN, delaySeconds: 0, visibilitySeconds: 30, retentionSeconds: 345_600 };

describe('a local queue', () => {
  let folder: string;
  let now: number;
  let dead: string[];

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'runner-queues-'));
    now = Date.parse('2026-01-01T00:00:00Z');
    dead = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function start(queue: Partial<Queue> = {}): LocalQueues {
    const queues = new LocalQueues({ dir: folder, now: () => now, onDead: ({ body }, { arn }) => dead.push(`${body} of ${arn}`) });
    queues.define([{ ...DEFAULTS, ...queue }, { ...DEFAULTS, arn: DEAD }]);
    return queues;
  }
  const pass = (seconds: number): void => { now += seconds * 1_000; };
  const received = (queues: LocalQueues, most = 10): string[] => queues.receive(ARN, most).map(({ body }) => body);

  test('holds a message back for its delay', () => {
    const queues = start({ delaySeconds: 65 });
    queues.send(ARN, 'a');
    pass(64);
    expect(received(queues)).toEqual([]);
    expect(queues.nextVisibleAt(ARN)).toBe(now + 1_000);
    pass(1);
    expect(queues.receive(ARN, 10)).toEqual([expect.objectContaining({ body: 'a', receives: 1, sentAt: now - 65_000, firstReceivedAt: now })]);
  });

  test('gives a message again once its visibility time-out has passed, and says how often it has', () => {
    const queues = start();
    queues.send(ARN, 'a');
    const [first] = queues.receive(ARN, 10);
    expect(received(queues)).toEqual([]);
    pass(30);
    expect(queues.receive(ARN, 10)).toEqual([expect.objectContaining({ id: first!.id, receives: 2, firstReceivedAt: first!.firstReceivedAt })]);
    queues.delete(ARN, first!.id);
    pass(30);
    expect(received(queues)).toEqual([]);
    expect(queues.list(ARN)).toEqual([]);
  });

  test('gives at most as many as are asked for', () => {
    const queues = start();
    for (const body of ['a', 'b', 'c']) queues.send(ARN, body);
    expect(received(queues, 2)).toEqual(['a', 'b']);
    expect(received(queues, 2)).toEqual(['c']);
  });

  test('gives a message up to the dead-letter queue after the last receive that it may have', () => {
    const queues = start({ redrive: { deadLetterArn: DEAD, maxReceives: 2 } });
    queues.send(ARN, 'a');
    expect(received(queues)).toEqual(['a']);
    pass(30);
    expect(received(queues)).toEqual(['a']);
    pass(30);
    expect(received(queues)).toEqual([]);
    expect(dead).toEqual([`a of ${ARN}`]);
    expect(queues.list(ARN)).toEqual([]);
    expect(queues.receive(DEAD, 10)).toEqual([expect.objectContaining({ body: 'a', receives: 1 })]);
  });

  test('forgets what nobody took in time', () => {
    const queues = start({ retentionSeconds: 60 });
    queues.send(ARN, 'a');
    pass(60);
    expect(received(queues)).toEqual([]);
    expect(queues.list(ARN)).toEqual([]);
  });

  test('keeps its messages over a restart and a deployment', () => {
    start({ delaySeconds: 65 }).send(ARN, 'a');
    const again = start();
    expect(received(again)).toEqual([]);
    again.define([{ ...DEFAULTS, visibilitySeconds: 5 }]);
    pass(65);
    expect(received(again)).toEqual(['a']);
    pass(5);
    expect(received(again)).toEqual(['a']);
  });

  test('names the queues that there are where one is missing', () => {
    expect(() => start().send(`${ARN}-else`, 'a')).toThrow(`no queue ${ARN}-else in the assembly; it has ${ARN}, ${DEAD}`);
  });
});
