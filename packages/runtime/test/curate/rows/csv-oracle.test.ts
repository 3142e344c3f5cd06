import fc from 'fast-check';
import { hasPython, python } from '../../_fixtures/python';
import { RowsBench } from '../_fixtures/rows-bench';
import type { DatasetSpec } from '../_fixtures/contract-text';

/** Python's csv module is somebody else's reader and writer of CSV. */
const WRITE = `
import csv, io, json, sys
cases = json.load(sys.stdin)
out = []
for case in cases:
    text = io.StringIO(newline='')
    writer = csv.writer(text, delimiter=case['delimiter'], lineterminator=case['newline'], quoting=getattr(csv, case['quoting']))
    writer.writerows(case['rows'])
    out.append(text.getvalue())
json.dump(out, sys.stdout)
`;
const READ = `
import csv, json, sys
lines = json.load(sys.stdin)
out = []
for line in lines:
    try:
        rows = list(csv.reader([line], strict=True))
        out.append(rows[0] if len(rows) == 1 else None)
    except csv.Error:
        out.append(None)
json.dump(out, sys.stdout)
`;
const SPEC: DatasetSpec = { columns: ['a', 'b', 'c'].map((name) => ({ name, type: 'string' })) };
const HEADER = 'a,b,c';

const plainChar = fc.constantFrom(...'abc019 -.,;|\'"\\#\t/é東😀\u00a0\ufeff\u2028'.split(''), '😀', ' ', '""', ',"', '",');
const word = fc.array(plainChar, { maxLength: 6 }).map((chars) => chars.join('')).filter((text) => Buffer.from(text).toString() === text);
const multiWord = fc.array(fc.oneof({ weight: 6, arbitrary: plainChar }, { weight: 1, arbitrary: fc.constantFrom('\n', '\r\n', '\n\n') }), { maxLength: 6 }).map((chars) => chars.join('')).filter((text) => Buffer.from(text).toString() === text);

(hasPython ? describe : describe.skip)('CSV against the csv module of Python', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  /** An unquoted empty text is NULL for us, and Python does not tell the two apart. */
  const texts = (rows: (string | null)[][]): string[][] => rows.map((row) => row.map((value) => value ?? ''));

  test.each([
    ['QUOTE_MINIMAL', '\n', false], ['QUOTE_ALL', '\r\n', false], ['QUOTE_MINIMAL', '\r\n', true], ['QUOTE_ALL', '\n', true],
  ])('keeps all that it writes with %s and line ends %j, line ends in fields: %s', async (quoting, newline, multiline) => {
    for (const [blockBytes, segmentBytes, seed] of [[64, 500, 1], [4096, 2000, 2]] as const) {
      const rows = fc.sample(fc.tuple(...[0, 1, 2].map(() => (multiline ? multiWord : word))), { numRuns: 100, seed });
      const [body] = python<string[]>(WRITE, [{ rows, delimiter: ',', newline, quoting }]);
      const outcome = await bench.curate({ ...SPEC, record: `multiline: ${multiline}` }, `${HEADER}${newline}${body!}`, { blockBytes, segmentBytes });
      expect(texts(outcome.rows)).toEqual(rows);
      expect(outcome.quarantine).toEqual([]);
      if (segmentBytes < 2000) expect(outcome.result.files.length).toBeGreaterThan(1);
    }
  });

  test('keeps a damaged line only where it reads the same, and has every other line in quarantine, byte for byte', async () => {
    const damage = fc.tuple(fc.array(word, { minLength: 3, maxLength: 3 }), fc.array(fc.tuple(fc.nat(30), fc.constantFrom('"', ',', '\r', 'x', '\0', '""', ''))), fc.boolean(), fc.boolean());
    const lines = fc.sample(damage, { numRuns: 2_000, seed: 11 }).map(([row, edits, quoteAll, whole]) => {
      const chars = [...row.map((value) => (quoteAll || /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')];
      if (!whole) for (const [at, text] of edits.slice(0, 2)) chars.splice(Math.min(at, chars.length), text === '' ? 1 : 0, text);
      return Buffer.from(chars.join(''));
    });
    // Some lines get bytes that are no UTF-8.
    lines.forEach((line, index) => { if (index % 50 === 7) lines[index] = Buffer.concat([line, Buffer.from([0xc3])]); });
    const source = Buffer.concat([Buffer.from(`${HEADER}\n`), ...lines.flatMap((line) => [line, Buffer.from('\n')])]);
    const { rows, quarantine, result } = await bench.curate(SPEC, source, { blockBytes: 1000, segmentBytes: 20_000 });

    expect(result.counts.parsed).toBe(lines.length);
    const rejected = new Map(quarantine.map((row) => [row.line - 2, row]));
    for (const [index, row] of rejected) {
      // A trailing carriage return belongs to the line end.
      expect(row.raw).toEqual(lines[index]!.at(-1) === 13 ? lines[index]!.subarray(0, -1) : lines[index]);
      expect(source.subarray(row.offset, row.offset + row.raw.length)).toEqual(row.raw);
    }
    const kept = lines.filter((_, index) => !rejected.has(index));
    expect(kept.length).toBeGreaterThan(700);
    expect(rejected.size).toBeGreaterThan(300);
    const read = python<(string[] | null)[]>(READ, kept.map((line) => line.toString('utf8').replace(/\r$/, '')));
    expect(texts(rows)).toEqual(read);
    // What is rejected really is no record of three whole fields that Python reads strictly, or holds what no reader agrees on.
    const strict = python<(string[] | null)[]>(READ, [...rejected.values()].filter(({ code }) => code === 'QUOTE').map(({ raw }) => raw.toString('utf8')));
    for (const [index, fields] of strict.entries()) {
      const raw = [...rejected.values()].filter(({ code }) => code === 'QUOTE')[index]!.raw.toString('utf8');
      if (fields !== null) expect(raw).toMatch(/[^,"]"|"[^,"]/);
    }
  });
});
