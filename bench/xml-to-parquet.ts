import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { duckdbCopy } from './bare-engines';
import { CurateFlights } from './curate-flights';
import { runCase, setting } from './run-case';

const file = setting('BENCH_XML');
const flights = new CurateFlights('xml', file);
const names = flights.dataset.columns.map(({ name }) => name);

/** What one would write by hand: expat reads the elements, DuckDB the CSV that comes of them. Neither engine reads XML itself. */
const TO_CSV = `
import csv, sys, xml.etree.ElementTree as tree
names = sys.argv[3:]
with open(sys.argv[2], "w", newline="", encoding="utf-8") as out:
    write = csv.writer(out).writerow
    write(names)
    for _, element in tree.iterparse(sys.argv[1]):
        if element.tag == "flight":
            write([element.findtext(name, "") for name in names])
            element.clear()
`;

void runCase({
  rows: () => flights.rows(),
  reference: async () => {
    const csv = `${file}.csv`;
    execFileSync('python3', ['-c', TO_CSV, file, csv, ...names]);
    try {
      const { rows } = await duckdbCopy(flights, (columns) => `read_csv('${csv}', header = true, auto_detect = false, columns = ${columns})`);
      return { bytes: flights.bytes, rows };
    } finally {
      rmSync(csv);
    }
  },
}, () => flights.startUp());
