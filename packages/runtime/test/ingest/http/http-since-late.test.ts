import { HttpApi, type Handler } from '../../_fakes/http-api';
import { BUCKET, contractText, IngestStage } from '../../_fixtures/ingest-stage';

/** Of each key the newest row, by the order in which the commits brought them: what the view of changes shows. */
function currentState(batches: Row[][]): Map<number, number> {
  const state = new Map<number, number>();
  for (const { id, at } of batches.flat()) state.set(id, Math.max(at, state.get(id) ?? 0));
  return state;
}

interface Row { readonly id: number; readonly seq: number; readonly at: number }
interface Written extends Row { readonly visibleAt: number }

const START = Date.UTC(2026, 2, 30) / 1_000;
/** Longest transaction, in seconds. */
const LATE = 120;
const PAGE = 5;

/** A server whose rows get their time when a transaction begins, are seen when it ends, and are written while pages are read. */
class World {
  now = START;
  /** Nobody writes any more. */
  quiet = false;
  private readonly rows: Written[] = [];
  private seed: number;

  constructor(seed: number) { this.seed = seed * 7_919 + 1; }

  random(below: number): number {
    this.seed = (this.seed * 48_271) % 2_147_483_647;
    return this.seed % below;
  }

  /** Time passes, and some transactions begin. */
  pass(seconds: number): void {
    for (let left = seconds; left > 0; left -= 1) {
      this.now += 1;
      if (!this.quiet && this.random(9) === 0) {
        const isLate = this.random(3) === 0;
        this.rows.push({ id: this.random(60), seq: this.rows.length, at: this.now, visibleAt: this.now + (isLate ? this.random(LATE) : 0) });
      }
    }
  }

  /** What an UPDATE has replaced is seen until its transaction ends. */
  visible(): Row[] {
    const seen = new Map<number, Row>();
    for (const { visibleAt, ...row } of this.rows) if (visibleAt <= this.now && (seen.get(row.id)?.at ?? 0) < row.at) seen.set(row.id, row);
    return [...seen.values()];
  }

  /** Rows that are never replaced: events. */
  events(): Row[] {
    return this.rows.filter(({ visibleAt }) => visibleAt <= this.now).map(({ seq, at }) => ({ id: seq, seq, at }));
  }

  get slot(): string {
    return `s${new Date(this.now * 1_000).toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase()}z`;
  }
}

type By = 'at' | 'seq';

/** Keyset pages in the order of `by`; `>=`, as most APIs have it. */
function serve(world: World, by: By, rows: () => Row[], format: 'json' | 'lines'): Handler {
  return ({ url }) => {
    world.pass(world.random(8));
    const number = (name: string, otherwise: number): number => {
      const text = url.searchParams.get(name);
      return text === null ? otherwise : /T/.test(text) ? Date.parse(text) / 1_000 : Number(text);
    };
    const [since, until] = [number('since', 0), number('until', Infinity)];
    const [afterKey = -1, afterId = -1] = (url.searchParams.get('after') ?? '').split('_').filter((each) => each !== '').map(Number);
    const chosen = rows().filter((row) => row[by] >= since && row[by] <= until).sort((a, b) => a[by] - b[by] || a.id - b.id)
      .filter((row) => row[by] > afterKey || (row[by] === afterKey && row.id > afterId));
    const page = chosen.slice(0, PAGE);
    const last = page.at(-1);
    const more = chosen.length > PAGE && last !== undefined ? `${last[by]}_${last.id}` : null;
    const shown = page.map((row) => ({ ...row, at: new Date(row.at * 1_000).toISOString().replace('.000Z', 'Z') }));
    if (format === 'json') return { body: { data: shown, next: more } };
    const next = new URL(url);
    next.searchParams.set('after', more ?? '');
    const link: Record<string, string> = more === null ? {} : { link: `<${next.href}>; rel="next"` };
    return { body: shown.map((each) => `${JSON.stringify(each)}\n`).join(''), headers: link };
  };
}

const JSON_PAGES = { paging: { by: 'cursor', at: '/next', parameter: 'after' }, recordsAt: '/data' };
const LINES = { paging: { by: 'linkHeader' } };

const CASES: ReadonlyArray<readonly [string, 'json' | 'lines', By, 'rows' | 'events', object]> = [
  ['a window of time with an end', 'json', 'at', 'rows', { by: 'time', parameter: 'since', untilParameter: 'until', lagSeconds: LATE }],
  ['a window of time without an end', 'lines', 'at', 'rows', { by: 'time', parameter: 'since', format: 'seconds', lagSeconds: LATE }],
  ['the largest time', 'json', 'at', 'rows', { by: 'value', parameter: 'since', at: '/at', order: 'time', lagSeconds: LATE }],
  ['the largest time, of lines', 'lines', 'at', 'rows', { by: 'value', parameter: 'since', at: '/at', order: 'time', lagSeconds: LATE }],
  // Numbers have no clock: the lag covers the transactions and the reading.
  ['the largest number', 'lines', 'seq', 'events', { by: 'value', parameter: 'since', at: '/seq', order: 'number', lagValues: LATE }],
];

/** `npm run soak -- --only pages-since` draws more worlds. */
const SEEDS = Array.from({ length: Number(process.env.HEADRACE_PAGES_SINCE ?? 1) }, (_, index) => index + 1);
const RUNS = 7;

describe.each(CASES)('by %s', (_, format, by, what, since) => {
  test.each(SEEDS)('rows that come late, at the boundary and between pages are all there in the end (%i)', async (seed) => {
    const world = new World(seed);
    const rows = (): Row[] => (what === 'rows' ? world.visible() : world.events());
    const sent: string[] = [];
    const handler = serve(world, by, rows, format);
    const api = await HttpApi.start((asked) => {
      const answer = handler(asked) as { body: string | object };
      sent.push(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
      return answer;
    });
    const contract = contractText(['orders'], '{ format: ndjson }').replace('\n    properties:', '\n      - property: headraceHistory\n        value: changes\n    properties:').replace('{ name: id,', '{ name: id, primaryKey: true,');
    const stage = await IngestStage.start({ orders: { kind: 'httpPages', url: `${api.origin}/v1/orders`, ...(format === 'json' ? JSON_PAGES : LINES), since } }, contract);
    try {
      for (let run = 0; run <= RUNS; run += 1) {
        world.quiet = run === RUNS;
        world.pass(world.quiet ? LATE : world.random(200) + 1);
        await stage.run(world.slot);
      }
      const batches = stage.log('orders').map(({ parts, cursor }) => ({
        cursor, texts: parts.map(({ key }: { key: string }) => stage.s3.text(BUCKET, key)) as string[],
      })).map(({ cursor, texts }) => ({ cursor, texts, rows: texts.flatMap((text) => rowsOf(text, format)) }));

      // Nothing is missing.
      expect(Object.fromEntries(currentState(batches.map((batch) => batch.rows)))).toEqual(Object.fromEntries(currentState([rows()])));
      // Whatever was committed is an answer, byte for byte, in order.
      const committed = batches.flatMap(({ texts }) => texts);
      expect(committed.every((text) => sent.includes(text))).toBe(true);
      // No batch has what lies behind its boundary, and cursors join without a step back.
      batches.forEach(({ cursor, rows: batch }, index) => {
        expect(cursor.from).toBe(index === 0 ? undefined : batches[index - 1]!.cursor.to);
        if (cursor.from === undefined) return;
        const boundary = (by === 'seq' ? Number(cursor.from) : Date.parse(cursor.from) / 1_000) - LATE;
        expect(batch.every((row) => row[by] >= boundary)).toBe(true);
      });
      expect(batches.length).toBeGreaterThan(3);
    } finally {
      await stage.close();
      await api.close();
    }
  });
});

function rowsOf(text: string, format: 'json' | 'lines'): Row[] {
  const all = format === 'json' ? (JSON.parse(text) as { data: unknown[] }).data : text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
  return (all as Array<Omit<Row, 'at'> & { at: string }>).map((row) => ({ ...row, at: Date.parse(row.at) / 1_000 }));
}
