import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { samples } from '../../src/summary/reject-samples';

test('rejected records are told as a terminal can show them: quotes and letters as they are, what it would obey escaped, long ones cut', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'reject-samples-'));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const file = path.join(folder, 'q.parquet');
    await connection.run(`COPY (SELECT * FROM (VALUES
      ('TYPE', 7, 'later'::BLOB, 'r7'), ('TYPE', 3, encode('1,"café, ' || chr(27) || '[31m"'), 'r3'), ('QUOTE', 5, encode('${'é'.repeat(70)}'), NULL)
    ) AS t(code, line, raw, reason)) TO '${file}' (FORMAT parquet)`);
    expect(await samples([file], false)).toEqual([['QUOTE', '1', '5', `${'é'.repeat(59)}…`, ''], ['TYPE', '2', '3', '1,"café, \\u001b[31m"', 'r3']]);
    expect(await samples([file], true)).toEqual([['QUOTE', '1', '5', 'masked', ''], ['TYPE', '2', '3', 'masked', 'r3']]);
  } finally {
    connection.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
});
