import type { DraftOptions } from '@headrace/runtime/contract/draft-contract';
import { guessColumns, type ColumnGuess } from '@headrace/runtime/contract/guess-columns';
import { guessNested } from './guess-nested';
import type { Sample } from './read-sample';

/** A dataset as its sample has it. */
export function drafted(name: string, sample: Sample): DraftOptions {
  const { format, delimiter, encoding, recordsAt, header, sheet, range, records } = sample;
  return { name, format, columns: sampleColumns(sample), records: records.length, delimiter, encoding, recordsAt, header, sheet, range };
}

/** A column for each field: plain ones by their texts, objects and arrays by what is in them, or as JSON text where that is not of one kind. */
export function sampleColumns({ fields, nested = [], records }: Sample): ColumnGuess[] {
  return guessColumns(records, fields).map((guess, index): ColumnGuess => {
    if (!nested.includes(fields[index]!)) return guess;
    const type = guessNested(records.flatMap((record) => record[index] ?? []));
    const { field, name, required } = guess;
    return { field, name, required, distinct: false, ...(type === undefined ? { type: { kind: 'string' }, json: true } : { type }) };
  });
}
