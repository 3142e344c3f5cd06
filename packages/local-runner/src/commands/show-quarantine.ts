import { REJECT_CODES } from '@headrace/runtime/contract';
import { countText } from '../progress/figures';
import { cutText, printableText } from '../progress/printable-text';
import { quarantinedBatches, quarantinedRecords, quarantinePlaces, type BatchState, type QuarantinedBatch, type QuarantinedRecord } from '../queries/quarantine';
import { StateFolder } from '../stack/state-folder';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';
import { table } from './table';

export interface ShowQuarantineOptions {
  /** @default - all datasets */
  readonly dataset?: string;
  /** @default - all runs whose batches were not superseded */
  readonly run?: string;
  readonly code?: string;
  /** Records of each dataset, as text. */
  readonly limit: string;
  readonly json?: boolean;
  readonly stateDir: string;
  readonly terminal: Terminal;
}

interface DatasetQuarantine {
  readonly dataset: string;
  readonly counts: ReadonlyArray<{ readonly run: string; readonly code: string; readonly records: number; readonly state: BatchState }>;
  readonly records: readonly QuarantinedRecord[];
}

const MOST_RECORDS = 10_000;

/** Characters of a record that fit into a table. */
const SHOWN = 80;

/** `headrace quarantine show`: rejected records by run and code, and the first of them with their text. */
export async function showQuarantine(options: ShowQuarantineOptions): Promise<ExitCode> {
  const state = StateFolder.open(options.stateDir);
  if (state === undefined) throw new UsageError(`${options.stateDir} is no state folder; headrace run makes one`);
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 0 || limit > MOST_RECORDS) {
    throw new UsageError(`--limit must be a whole number from 0 to ${MOST_RECORDS}, got ${options.limit}`);
  }
  if (options.code !== undefined && !(options.code in REJECT_CODES)) {
    throw new UsageError(`--code ${options.code}: no record is rejected with that; known: ${Object.keys(REJECT_CODES).join(', ')}`);
  }
  const found: DatasetQuarantine[] = [];
  for (const batches of await chosenBatches(state, options)) {
    const records = await quarantinedRecords(batches, { code: options.code, limit });
    found.push({ dataset: batches[0]!.dataset, counts: counts(batches, options.code), records });
  }
  options.terminal.out(options.json ? `${JSON.stringify(found.map(asJson))}\n` : describe(found, options));
  return EXIT.done;
}

/** Batches that have rejected records, by dataset. */
async function chosenBatches(state: StateFolder, { dataset, run }: ShowQuarantineOptions): Promise<QuarantinedBatch[][]> {
  const places = quarantinePlaces(state);
  if (places.length === 0) throw new UsageError(`${state.root} holds no quarantine: no run had a curate stage`);
  const chosen = places.filter((place) => dataset === undefined || place.dataset === dataset);
  if (chosen.length === 0) throw new UsageError(`${dataset} is no dataset of the app; known: ${places.map((place) => place.dataset).join(', ')}`);
  const batches = await Promise.all(chosen.map((place) => quarantinedBatches(state, place)));
  const runs = [...new Set(batches.flat().map((batch) => batch.run))];
  if (run !== undefined && !runs.includes(run)) {
    throw new UsageError(`--run ${run}: no curated batch is of that run; known: ${runs.length === 0 ? 'none' : runs.join(', ')}`);
  }
  const isChosen = (batch: QuarantinedBatch) => (run === undefined ? batch.state !== 'superseded' : batch.run === run);
  const rejecting = batches.map((each) => each.filter((batch) => isChosen(batch) && Object.keys(batch.byCode).length > 0));
  return rejecting.filter((each) => each.length > 0);
}

function counts(batches: readonly QuarantinedBatch[], code: string | undefined): DatasetQuarantine['counts'] {
  const rows = new Map<string, DatasetQuarantine['counts'][number]>();
  for (const { run, byCode, state } of batches) {
    for (const [name, records] of Object.entries(byCode)) {
      if (code !== undefined && name !== code) continue;
      const key = `${run} ${name} ${state}`;
      rows.set(key, { run, code: name, records: records + (rows.get(key)?.records ?? 0), state });
    }
  }
  return [...rows.values()];
}

function asJson({ dataset, counts: byCode, records }: DatasetQuarantine): object {
  return {
    dataset,
    counts: byCode.map((each) => ({ ...each, superseded: each.state === 'superseded' })),
    records: records.map(({ bytes, ...record }) => ({ ...record, text: printableText(bytes), base64: bytes.toString('base64') })),
  };
}

function describe(found: readonly DatasetQuarantine[], { run }: ShowQuarantineOptions): string {
  const rows = found.flatMap(({ dataset, counts: byCode }) => (
    byCode.map(({ run: of, code, records, state }) => [dataset, of, code, countText(records), state])));
  const isEach = (state: BatchState) => rows.every((row) => row[4] === state);
  if (rows.length === 0) return `nothing in quarantine${run === undefined ? '' : ` of run ${run}`}\n`;
  const records = found.flatMap(({ dataset, records: each }) => each.map(({ code, column, part, offset, line, bytes, reason }) => [
    dataset, code, column ?? '', part.slice(part.lastIndexOf('/') + 1), String(line), String(offset), cutText(printableText(bytes), SHOWN), reason,
  ]));
  const cures = [...new Set(rows.map(([, , code]) => code as keyof typeof REJECT_CODES))].map((code) => `  ${code}: ${REJECT_CODES[code].meaning}; ${REJECT_CODES[code].cure}\n`);
  return [
    isEach('stands') ? table(['dataset', 'run', 'code', 'records'], rows.map((row) => row.slice(0, 4))) : table(['dataset', 'run', 'code', 'records', 'batch'], rows),
    records.length === 0 ? '' : `\n${table(['dataset', 'code', 'column', 'part', 'line', 'offset', 'record', 'reason'], records)}`,
    `\n${cures.join('')}\nNext, when the contract is mended and the app is built:\n`,
    isEach('unpublished') ? '' : '  npx headrace quarantine replay\n',
    // What was not published is not curated again, it is still to be curated.
    ...[...new Set(rows.filter((row) => row[4] === 'unpublished').map(([, each]) => each!))].map((each) => `  npx headrace retry ${each}\n`),
  ].join('');
}
