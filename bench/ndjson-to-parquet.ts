import { duckdbCopy, sparkCopy } from './bare-engines';
import { CurateFlights } from './curate-flights';
import { runCase, setting } from './run-case';

const file = setting('BENCH_NDJSON');
const flights = new CurateFlights('ndjson', file);

void runCase({
  rows: () => flights.rows(),
  reference: () => duckdbCopy(flights, (columns) => `read_json('${file}', format = 'newline_delimited', auto_detect = false, columns = ${columns})`),
  spark: () => sparkCopy(flights, 'json', file),
}, () => flights.startUp());
