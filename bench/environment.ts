import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { duckdbType, postgresTargetDdl, requireContract } from '@headrace/runtime/contract';
import { serveFolder, startS3Endpoint } from '@headrace/local-runner';
import { startPostgres } from '@headrace/local-runner/engines/postgres';
import { freePort } from '@headrace/local-runner/stack/free-port';
import { Client } from 'pg';
import { hasMariadb, startMariadb, type MariadbServer } from '../examples/test/_fixtures/mariadb-server';
import { writeSourceFiles } from '../examples/reference-pipeline/source/write-data';

const LF = 0x0a;

/** How many times the records of the source are in the large file. */
const LARGE = 10;

/** The servers and files that all cases share; it runs in a process of its own, prints where they are, and ends on SIGTERM. */
async function start(folder: string, contractFile: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { flights } = await writeSourceFiles(path.join(folder, 'source'));
  const contract = requireContract(readFileSync(contractFile, 'utf8'), contractFile);
  const dataset = contract.datasets.find(({ name }) => name === 'flights');
  if (dataset === undefined) throw new Error('the reference contract has no dataset flights');
  const clean = await cleanFiles(folder, flights, dataset.columns.map(({ name, type }) => [name, duckdbType(type)]));

  const large = await largeFiles(folder, flights);
  const others = await otherFormats(folder, dataset.columns);

  const source = await serveFolder(path.join(folder, 'source'));
  const s3 = await startS3Endpoint({ dir: path.join(folder, 's3'), buckets: ['raw', 'curated'] });
  const client = new S3Client({ endpoint: s3.url, region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
  for (const file of [flights, path.join(folder, 'source.csv'), large.csv, large.clean, others.ndjson, others.xml]) {
    await client.send(new PutObjectCommand({ Bucket: 'raw', Key: `bench/${path.basename(file)}`, Body: createReadStream(file), ContentLength: statSync(file).size }));
  }
  const postgres = await startPostgres({ dir: path.join(folder, 'postgres'), port: await freePort(), user: 'bench', password: 'bench', database: 'bench', pidFolder: path.join(folder, 'pids') });
  const database = new Client({ connectionString: postgres.url });
  await database.connect();
  for (const statement of postgresTargetDdl(dataset, { schema: 'public', table: 'flights' })) await database.query(statement);
  // The staging table of a load has no key; neither has this one.
  await database.query('ALTER TABLE flights DROP CONSTRAINT IF EXISTS flights_pkey');
  await database.end();

  const mariadb = hasMariadb() ? await startMariadb() : undefined;
  process.stdout.write(`${JSON.stringify({
    ...(mariadb === undefined ? {} : { BENCH_MARIADB: JSON.stringify(fillMariadb(mariadb, clean.csv)) }),
    BENCH_SOURCE: `${source.url}/flights.csv`, BENCH_CSV: flights, BENCH_CLEAN_SOURCE: path.join(folder, 'source.csv'), BENCH_LARGE_CSV: large.csv, BENCH_LARGE_CLEAN_SOURCE: large.clean, BENCH_NDJSON: others.ndjson, BENCH_XML: others.xml, BENCH_CONTRACT: contractFile, BENCH_FOLDER: folder, BENCH_DATABASE: postgres.url,
    BENCH_PARQUET: clean.parquet, BENCH_CLEAN_CSV: clean.csv, BENCH_CLEAN_TSV: clean.tsv, BENCH_ROWS: String(clean.rows),
    AWS_ENDPOINT_URL: s3.url, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x',
  })}\n`);
  process.once('SIGTERM', () => void Promise.all([source.close(), s3.close(), postgres.stop(), mariadb?.stop()]).then(() => process.exit(0)));
}

/** The clean rows in MariaDB, and who may read them. */
function fillMariadb(server: MariadbServer, csv: string): object {
  const account = { port: server.port, user: 'bench', password: 'bench', database: 'shop', table: 'flights' };
  server.query("CREATE USER bench@'%' IDENTIFIED BY 'bench'; GRANT ALL ON shop.* TO bench@'%'; GRANT RELOAD, PROCESS ON *.* TO bench@'%'");
  server.query(`CREATE TABLE flights (
    flight_id varchar(8), flight_date date, flight_month varchar(7), departed_at datetime, delay_minutes int, distance_miles int, origin varchar(3), destination varchar(3),
    origin_city varchar(200), destination_city varchar(200), origin_latitude decimal(9, 6), origin_longitude decimal(9, 6), updated_at timestamp NULL) CHARACTER SET utf8mb4`);
  const columns = ['flight_id', 'flight_date', 'flight_month', 'departed_at', 'delay_minutes', 'distance_miles', 'origin', 'destination', 'origin_city', 'destination_city', 'origin_latitude', 'origin_longitude'];
  execFileSync('mariadb', ['--no-defaults', '--local-infile=1', '-h', '127.0.0.1', '-P', String(server.port), '-ubench', '-pbench', '--skip-ssl', 'shop', '-e', `SET time_zone = '+00:00';
    LOAD DATA LOCAL INFILE '${csv}' INTO TABLE flights CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '"' ESCAPED BY '' LINES TERMINATED BY '\\n' IGNORE 1 LINES
    (${[...columns, 'updated_at'].map((name) => `@${name}`).join(', ')})
    SET ${columns.map((name) => `${name} = NULLIF(@${name}, '')`).join(', ')}, updated_at = LEFT(@updated_at, 19)`]);
  return account;
}

/** The same clean rows as Parquet, as CSV and as LOAD DATA has them, so that both sides of a load read the same values. */
async function cleanFiles(
  folder: string, csv: string, columns: ReadonlyArray<readonly [string, string]>,
): Promise<{ parquet: string; csv: string; tsv: string; rows: number }> {
  const files = { parquet: path.join(folder, 'clean.parquet'), csv: path.join(folder, 'clean.csv'), tsv: path.join(folder, 'clean.tsv') };
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  if (!existsSync(files.csv)) {
    // A bare reader stops at the planted rows, whose ids begin with F9 or are missing.
    const cleaned = path.join(folder, 'source.csv');
    const out = createWriteStream(cleaned, { encoding: 'latin1' });
    for await (const line of createInterface({ input: createReadStream(csv, { encoding: 'latin1' }) })) {
      if (/^(F0|flight_id)/.test(line) && !out.write(`${line}\n`)) await once(out, 'drain');
    }
    await new Promise<void>((resolve) => { out.end(resolve); });
    const types = columns.map(([name, type]) => `'${name}': '${type}'`).join(', ');
    await connection.run("SET TimeZone = 'UTC'");
    await connection.run(`CREATE TABLE clean AS SELECT * FROM read_csv('${cleaned}', header = true, delim = ',', quote = '"', auto_detect = false, columns = {${types}})`);
    await connection.run(`COPY clean TO '${files.parquet}' (FORMAT parquet, COMPRESSION zstd)`);
    await connection.run(`COPY clean TO '${files.csv}' (FORMAT csv, HEADER)`);
  }
  if (!existsSync(files.tsv)) {
    // What LOAD DATA reads without being told: tabs, \\N for NULL, instants in the zone of the session.
    // No text of the source has a tab or a backslash.
    await connection.run(`COPY (SELECT * REPLACE (make_timestamp(epoch_us(updated_at)) AS updated_at) FROM '${files.parquet}') TO '${files.tsv}' (FORMAT csv, HEADER false, DELIMITER '\t', NULLSTR '\\N', QUOTE '', ESCAPE '')`);
  }
  const counted = await connection.runAndReadAll(`SELECT count(*)::INT FROM '${files.parquet}'`);
  connection.closeSync();
  return { ...files, rows: Number(counted.getRows()[0]?.[0]) };
}

/** The source as it is, then its clean records nine times more, each time with new ids: what grows with the data shows. */
async function largeFiles(folder: string, csv: string): Promise<{ csv: string; clean: string }> {
  const files = { csv: path.join(folder, 'large.csv'), clean: path.join(folder, 'large-clean.csv') };
  const clean = readFileSync(path.join(folder, 'source.csv'));
  const records = clean.subarray(clean.indexOf(LF) + 1);
  for (const [target, first] of [[files.csv, readFileSync(csv)], [files.clean, clean]] as const) {
    if (existsSync(target)) continue;
    const out = createWriteStream(`${target}.tmp`);
    out.write(first);
    for (let copy = 1; copy < LARGE; copy++) {
      const copied = Buffer.from(records);
      // An id is F, 0 and six digits; the first digit tells the copies apart.
      for (let start = 0; start < copied.length; start = copied.indexOf(LF, start) + 1) copied[start + 1] = 0x30 + copy;
      if (!out.write(copied)) await once(out, 'drain');
    }
    await new Promise<void>((resolve) => { out.end(resolve); });
    renameSync(`${target}.tmp`, target);
  }
  return files;
}

/** The clean records as NDJSON, with numbers as numbers, and as XML; each value as the source writes it. */
async function otherFormats(folder: string, columns: ReadonlyArray<{ readonly name: string }>): Promise<{ ndjson: string; xml: string }> {
  const files = { ndjson: path.join(folder, 'flights.ndjson'), xml: path.join(folder, 'flights.xml') };
  if (existsSync(files.xml)) return files;
  const numbers = columns.map(({ name }) => /_(minutes|miles|latitude|longitude)$/.test(name));
  const json = createWriteStream(`${files.ndjson}.tmp`);
  const xml = createWriteStream(`${files.xml}.tmp`);
  xml.write('<?xml version="1.0" encoding="UTF-8"?>\n<flights>\n');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const records = await connection.stream(`SELECT * FROM read_csv('${path.join(folder, 'source.csv')}', header = true, delim = ',', quote = '"', auto_detect = false, columns = {${columns.map(({ name }) => `'${name}': 'VARCHAR'`).join(', ')}})`);
  for (let chunk = await records.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await records.fetchChunk()) {
    const rows = chunk.getRows() as (string | null)[][];
    const members = (row: readonly (string | null)[]) => row.map((value, i) => `"${columns[i]?.name}":${value === null || numbers[i] === true ? value : JSON.stringify(value)}`);
    const elements = (row: readonly (string | null)[]) => row.map((value, i) => (value === null ? '' : `<${columns[i]?.name}>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</${columns[i]?.name}>`));
    if (!json.write(rows.map((row) => `{${members(row).join(',')}}\n`).join(''))) await once(json, 'drain');
    if (!xml.write(rows.map((row) => `<flight>${elements(row).join('')}</flight>\n`).join(''))) await once(xml, 'drain');
  }
  xml.write('</flights>\n');
  for (const out of [json, xml]) await new Promise<void>((resolve) => { out.end(resolve); });
  connection.closeSync();
  renameSync(`${files.ndjson}.tmp`, files.ndjson);
  renameSync(`${files.xml}.tmp`, files.xml);
  return files;
}

void start(path.resolve(process.argv[2] ?? ''), path.resolve(process.argv[3] ?? ''));
