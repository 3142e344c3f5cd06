import { CurateFlights } from './curate-flights';
import { duckdbCopy, duckdbCopyBetweenStores, duckdbShape, sparkCopy } from './bare-engines';
import { runCase, setting } from './run-case';

/** One of the sides below, each also with `-large`: the same on the file that is ten times as long. */
const large = process.argv[2]?.endsWith('-large') ?? false;
const file = setting(large ? 'BENCH_LARGE_CSV' : 'BENCH_CSV');
const flights = new CurateFlights('csv', file);
/** Without the 18 planted rows, which bare engines cannot read. */
const clean = setting(large ? 'BENCH_LARGE_CLEAN_SOURCE' : 'BENCH_CLEAN_SOURCE');
/** Contracts are read before the work, as that of `flights` is. An open quote, which a planted row has, stops a part whose records may span lines. */
const [multiline, stored] = [new CurateFlights('csv-multiline', clean), new CurateFlights('csv', clean)];

const readCsv = (path: string, columns: string): string => `read_csv('${path}', header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = ${columns})`;
const cleanCsv = (columns: string): string => readCsv(clean, columns);

const sides = {
  rows: () => flights.rows(),
  /** Records that may span lines: of such a part ingest leaves an index. */
  multiline: () => multiline.rows(),
  /** Rows, then Shape, from S3 to S3: dedupe, sort and column partitions besides. */
  headrace: async () => {
    const { result } = await flights.rows();
    await flights.keep(result);
    return flights.shape();
  },
  /** DuckDB's own COPY of the same file from disk to disk, with the declared types. */
  reference: () => duckdbCopy(flights, cleanCsv),
  /** The same COPY with what comes before and after it where the files are in S3. */
  stores: () => duckdbCopyBetweenStores(stored, readCsv),
  /** DuckDB's own dedupe, sort and partitions, from disk to disk, with the declared types and without a check. */
  same: () => duckdbShape(flights, cleanCsv),
  spark: () => sparkCopy(flights, 'csv', clean),
};

void runCase({ ...sides, ...Object.fromEntries(Object.entries(sides).map(([name, side]) => [`${name}-large`, side])) }, () => flights.startUp());
