import { CurateFlights } from './curate-flights';
import { duckdbCopy, duckdbShape, sparkCopy } from './bare-engines';
import { runCase, setting } from './run-case';

/** `rows`, `multiline`, `headrace`, `reference`, `same` and `spark`, each also with `-large`: the same on the file that is ten times as long. */
const large = process.argv[2]?.endsWith('-large') ?? false;
const file = setting(large ? 'BENCH_LARGE_CSV' : 'BENCH_CSV');
const flights = new CurateFlights('csv', file);
/** Without the 18 planted rows, which bare engines cannot read. */
const clean = setting(large ? 'BENCH_LARGE_CLEAN_SOURCE' : 'BENCH_CLEAN_SOURCE');

const cleanCsv = (columns: string): string => `read_csv('${clean}', header = true, delim = ',', quote = '"', escape = '"', auto_detect = false, columns = ${columns})`;

const sides = {
  rows: () => flights.rows(),
  /** Records that may span lines: of such a part ingest leaves an index. The planted rows are not in it, since an open quote stops such a part. */
  multiline: () => new CurateFlights('csv-multiline', clean).rows(),
  /** Rows, then Shape, from S3 to S3: dedupe, sort and column partitions besides. */
  headrace: async () => {
    const { result } = await flights.rows();
    await flights.keep(result);
    return flights.shape();
  },
  /** DuckDB's own COPY of the same file from disk to disk, with the declared types. */
  reference: () => duckdbCopy(flights, cleanCsv),
  /** DuckDB's own dedupe, sort and partitions, from disk to disk, with the declared types and without a check. */
  same: () => duckdbShape(flights, cleanCsv),
  spark: () => sparkCopy(flights, 'csv', clean),
};

void runCase({ ...sides, ...Object.fromEntries(Object.entries(sides).map(([name, side]) => [`${name}-large`, side])) });
