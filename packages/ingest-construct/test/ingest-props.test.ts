import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Duration, Size } from 'aws-cdk-lib';
import { IngestSize, IngestSource } from '../src';
import { CONTRACT, newIngest, newStack, SOURCES } from './_fixtures/ingest';

const thrown = (build: () => unknown): Error => {
  try {
    build();
  } catch (error) {
    return error as Error;
  }
  return new Error('nothing was thrown');
};

const message = (build: () => unknown): string => thrown(build).message;

test('fails once with everything that is wrong', () => {
  const text = message(() => newIngest(newStack(), 'Ingest', {
    sources: {
      trips: IngestSource.http({ url: 'ftp://example.com/trips.csv', retries: 21, minRows: -1, timeout: Duration.days(2) }),
      trip: SOURCES.zones,
    },
    size: IngestSize.of({ taskCpu: 512, taskMemory: Size.mebibytes(512), concurrency: 1.5 }),
  }));

  expect(text).toBe(
    'Stack/Ingest: sources.zones is missing; the contract has a dataset zones; '
    + 'sources.trip has no dataset in the contract; it has trips, zones; '
    + 'sources.trips.url must be an http or https URL without credentials, got "ftp://example.com/trips.csv"; '
    + 'sources.trips.retries must be a whole number from 0 to 20, got 21; '
    + 'sources.trips.minRows must be a whole number from 0 to 9007199254740991, got -1; '
    + 'sources.trips.timeout in seconds must be a whole number from 1 to 86400, got 172800; '
    + 'taskMemory must be 1024 to 4096 in steps of 1024 MiB with taskCpu 512, got 512; '
    + 'concurrency must be a whole number from 1 to 1000, got 1.5; leave it out for 4 [INGEST_PROPS]',
  );
});

test('fails for a contract that is not there, by its path', () => {
  expect(message(() => newIngest(newStack(), 'Ingest', { contract: 'no/such.odcs.yaml' }))).toBe(
    'Stack/Ingest: contract must be the path of an ODCS file, got "no/such.odcs.yaml", which does not exist [CONTRACT_FILE]',
  );
});

test('fails for a contract with problems by a text that holds each of them, in a line', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'contract-'));
  try {
    const contract = path.join(folder, 'wrong.odcs.yaml');
    writeFileSync(contract, readFileSync(CONTRACT, 'utf8').replace(/logicalType: \w+/g, 'logicalType: text').replace('status: active', 'status: active\nwhat: this'));
    const error = thrown(() => newIngest(newStack(), 'Ingest', { contract }));
    const [head, ...lines] = error.message.split('\n');
    expect(head).toBe('Stack/Ingest: the contract cannot be used:');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toMatch(/wrong\.odcs\.yaml:\d+ \S+: .* Fix: ./);
    // Node shows the fields of an uncaught error, which would be all of it again.
    expect(Object.keys(error)).toEqual([]);
    expect(error.stack).not.toContain('assets/contract');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('fails for a pipeline name that keys cannot begin with', () => {
  expect(message(() => newIngest(newStack(), 'Ingest', { pipelineName: 'My Trips' }))).toMatch(/pipelineName must be .*, got "My Trips"/);
});

test('a URL with a password is refused without being shown', () => {
  const text = message(() => newIngest(newStack(), 'Ingest', {
    sources: { ...SOURCES, trips: IngestSource.http({ url: 'https://user:hunter2@example.com/trips.csv' }) },
  }));
  expect(text).toMatch(/sources\.trips\.url must be an http or https URL without credentials/);
  expect(text).not.toContain('hunter2');
});

test('props are left as they were given', () => {
  const props = Object.freeze({ contract: CONTRACT, sources: Object.freeze({ ...SOURCES }) });
  expect(() => newIngest(newStack(), 'Ingest', props)).not.toThrow();
});
