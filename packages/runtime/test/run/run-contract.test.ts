import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { symlinkKey } from '../../src/curate/publish/catalog-key';
import { quarantineListFolder } from '../../src/curate/quarantine-prefix';
import { knownShardsKey } from '../../src/ingest/known-shards';
import { turnsRef } from '../../src/ingest/turn/turns';
import { paceRef } from '../../src/load/pace/load-pace';
import { commitIndexKey } from '../../src/run/commit-index';
import { EXIT } from '../../src/run/exit-code';
import { attemptId, compactionId, executionName, manualSlot, partName, removalId, scheduledSlot, unitId } from '../../src/run/ids';
import { catalogPrefix, commitKey, commitLogPrefix, dataKey, icebergFolder, icebergProgressKey, lineageKey, publishedKey, quarantineKey, rawPartKey, takenOutKey, workPrefix } from '../../src/run/keys';
import { errorRef, itemsRef, planRef, resultRef, workFolder } from '../../src/run/work';
import { HttpSource } from '../_fakes/http-source';
import { BUCKET, IngestStage } from '../_fixtures/ingest-stage';

const TEXT = readFileSync(join(__dirname, '../../../../docs/run-contract.md'), 'utf8');

/** The rows of the first table after a line that begins with `start`; cells without their backticks. */
function table(start: string): string[][] {
  const lines = TEXT.slice(TEXT.indexOf(`\n${start}`)).split('\n');
  const first = lines.findIndex((line) => line.startsWith('|'));
  const rows = lines.slice(first + 2);
  return rows.slice(0, rows.findIndex((line) => !line.startsWith('|'))).map((row) => row.slice(1, -1).split('|').map((cell) => cell.trim().replace(/^`([^`]*)`$/, '$1')));
}

const members = (start: string): string[] => table(start).map(([name]) => name as string).sort();

describe('docs/run-contract.md', () => {
  test('names are as the code makes them', () => {
    const scheduled = scheduledSlot(new Date('2026-11-22T03:00:00Z'));
    expect(Object.fromEntries(table('## Names').map(([name, example]) => [name, example]))).toEqual({
      'scheduled slot': scheduled,
      'slot by hand': manualSlot(new Date('2026-11-22T19:27:00Z'), 'fix'),
      'attempt id': attemptId(scheduled, 2),
      'unit id': unitId(attemptId(scheduled, 2), 17),
      'compaction id': compactionId(attemptId(scheduled, 2), 17),
      'removal id': removalId(attemptId(scheduled, 2)),
      execution: executionName('flights', scheduled, 2),
      part: partName(0, 'trips.csv.gz'),
    });
  });

  test('keys are as the code makes them', () => {
    const at = { pipeline: 'flights', dataset: 'trips' };
    const folder = workFolder('raw', workPrefix('flights', 'ingest-1a2b3c4d'), 's1-a2');
    expect(Object.fromEntries(table('## Keys').map(([what, example]) => [what, example]))).toEqual({
      'raw part': rawPartKey({ ...at, runId: 's1', attempt: 2, part: '00000-trips.csv.gz' }),
      'raw commit': commitKey(commitLogPrefix('raw', 'flights', 'trips'), 17),
      'curated commit': commitKey(commitLogPrefix('curated', 'flights', 'trips'), 9),
      'log index': commitIndexKey(commitLogPrefix('raw', 'flights', 'trips')),
      'known shards': knownShardsKey(commitLogPrefix('raw', 'flights', 'trips')),
      'curated part': dataKey({ ...at, attemptId: 's1-a2-i17', partition: [['day', '2026-01-01']], file: 3 }),
      quarantine: quarantineKey({ ...at, attemptId: 's1-a2-i17', file: 4 }),
      'list of quarantine': symlinkKey(quarantineListFolder('flights', { dataset: 'trips', unitId: 's1-a2-i17' })),
      'catalog folder': catalogPrefix('flights', 'trips'),
      'taken out of the catalog': takenOutKey({ pipeline: 'flights', dataset: 'trips', unitId: 's1-a2-i17', time: new Date('2026-01-01T00:00:00Z') }),
      'published commits': publishedKey('flights', 'trips'),
      'Iceberg table': `${icebergFolder('flights', 'trips')}/`,
      'how far a table is': icebergProgressKey('flights', 'trips'),
      lineage: lineageKey({ pipeline: 'flights', stage: 'curate', attemptId: 's1-a2', event: 'complete' }),
      plan: planRef(folder).key,
      items: itemsRef(folder).key,
      result: resultRef(folder, 'pull', 0).key,
      failure: errorRef(folder, 'pull', 0).key,
      pace: paceRef({ curatedBucket: 'curated', workPrefix: workPrefix('flights', 'load-1a2b3c4d') }).key,
      turns: turnsRef('raw', workPrefix('flights', 'ingest-1a2b3c4d')).key,
    });
  });

  test('exit codes are those of the code', () => {
    const documented = table('| exit code').map(([code, means]) => [(/^`(\w+)`/.exec(means as string) as RegExpExecArray)[1], Number(code)]);
    expect(Object.fromEntries(documented)).toEqual(EXIT);
  });

  describe('documents have the members that the code writes', () => {
    let source: HttpSource;
    let stage: IngestStage;
    const work = 'demo/work/ingest-1a2b3c4d';

    beforeAll(async () => {
      source = await HttpSource.start({ body: 'id,note\n1,a\n' });
      stage = await IngestStage.start({ trips: { kind: 'http', url: source.url() } });
      await stage.run('s1');
      await stage.run('s2');
    });
    afterAll(async () => {
      await stage.close();
      await source.close();
    });

    test('raw commit', () => {
      expect(Object.keys(stage.log('trips')[0]).sort()).toEqual(members('### Raw commit').filter((name) => name !== 'memory'));
    });

    test('plan', () => {
      expect(Object.keys(stage.s3.json(BUCKET, `${work}/s1-a1/plan.json`)).sort()).toEqual(members('### Plan of ingest').filter((name) => name !== 'takenOver'));
    });

    test('item', () => {
      const { key } = stage.s3.json(BUCKET, `${work}/s2-a1/plan.json`).items;
      expect(Object.keys(stage.s3.json(BUCKET, key)[0]).sort()).toEqual(['dataset', 'end', 'index', 'rung', 'start']);
      const item = JSON.parse(stage.s3.text(BUCKET, `${key}l`).split('\n')[0] as string);
      expect(Object.keys(item).sort()).toEqual(members('### Item of ingest').filter((name) => name !== 'schedule'));
      const rare = ['bytes', 'cursor', 'together', 'identity', 'earlier'];
      expect(Object.keys(item.shards[0]).sort()).toEqual(members('A shard of an item').filter((name) => !rare.includes(name)));
    });

    test('result', () => {
      expect(Object.keys(stage.s3.json(BUCKET, `${work}/s1-a1/pull/0.json`)).sort()).toEqual(members('### Result of a pull').filter((name) => name !== 'taskMemoryMiB'));
      expect(Object.keys(stage.s3.json(BUCKET, `${work}/s1-a1/pull/0.json`).shards[0]).sort()).toEqual(members('A shard of a result').filter((name) => !['cursor', 'takenOver'].includes(name)));
      expect(Object.keys(stage.s3.json(BUCKET, `${work}/s2-a1/pull/0.json`).shards[0]).sort()).toEqual(['outcome', 'shard', 'since']);
    });

    test('failure', async () => {
      source.scripts.push((_, response) => void response.writeHead(404).end());
      stage.settings.sources.trips.url = source.url('/gone.csv');
      await stage.pull(await stage.plan('s3'), 0);
      const sentence = /The failure document has ([^.]*)\./.exec(TEXT)?.[1] ?? '';
      expect(Object.keys(stage.s3.json(BUCKET, `${work}/s3-a1/errors/pull-0.json`)).sort()).toEqual([...sentence.matchAll(/`(\w+)`/g)].map((match) => match[1]).sort());
    });

    test('output', async () => {
      const output = await stage.commit('s1');
      expect(Object.keys(output).sort()).toEqual(members('Any other key is refused'));
    });
  });
});
