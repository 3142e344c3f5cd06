import { TEXT, columnType, valueBytes } from './column-type';
import type { ColumnChunk, FileColumn, Rows } from './columns-file';
import { ANY_OFFSET, COLON_OFFSET, COLUMN, DATE, NO_OFFSET, NUMBER, NUMBERED, PLAIN, TIMESTAMP, type ColumnWord } from './cut-words';
import type { CutMemory } from './cut-memory';
import { SLOT_BYTES } from './dictionary-loop';
import type { ValueForm } from './value-form';

/** The instants of the years 1 to 9999, in microseconds since 1970. */
const [FIRST_INSTANT, LAST_INSTANT] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n];

const OFFSETS = { none: NO_OFFSET, colon: COLON_OFFSET, any: ANY_OFFSET } as const;

/** A field that is read: the name of its texts and, where it has a form, that of its values. */
export interface CutField {
  readonly text: string;
  readonly value?: { readonly name: string; readonly form: ValueForm };
}

/** Where what is kept of a column in a row group stands in memory. */
export interface ColumnPlaces {
  /** The words of the column. */
  readonly words: number;
  readonly table: number;
  readonly slots: number;
  readonly dictionary: number;
  readonly dictionaryBytes: number;
  readonly numbers: number;
  readonly notes: number;
  readonly present: number;
  readonly otherPresent: number;
  /** Bytes of each list of bits. */
  readonly presentBytes: number;
}

/** One field of records, as the loop tells it: texts, or values and the texts that are none in their plainest form. */
export class CutColumn {
  /** Texts that were gathered of the row group. */
  readonly texts: Buffer[] = [];

  constructor(readonly field: CutField, readonly at: ColumnPlaces, private readonly memory: Pick<CutMemory, 'views'>) {
    const form = field.value?.form;
    this.put('kind', form === undefined ? NUMBERED : form.kind === 'date' ? DATE : form.kind === 'timestamp' ? TIMESTAMP : NUMBER);
    if (form !== undefined) this.shape(form);
    this.begin();
  }

  get fileColumns(): FileColumn[] {
    const { text, value } = this.field;
    return [...(value === undefined ? [] : [{ name: value.name, type: columnType(value.form) }]), { name: text, type: TEXT }];
  }

  /** Where the notes of texts end. */
  get notesEnd(): number {
    return this.get('textsNext');
  }

  /** Takes notes again from the beginning. */
  forget(): void {
    this.put('textsNext', this.at.notes);
  }

  /** Whether a text of the row group is told in place of its value. */
  get hasOthers(): boolean {
    return this.get('others') > 0;
  }

  /** What the row group has of the field: for each of {@link fileColumns} a chunk. */
  chunks(rows: number): ColumnChunk[] {
    const values = this.texts.splice(0);
    const whole = this.get('absent') === 0 ? 'all' : undefined;
    const numbers = this.copy(this.at.numbers, this.get('numbersNext'));
    if (this.field.value !== undefined) {
      const others = this.get('others');
      return [
        { plain: { ...this.rows('present', whole, 0, rows), values: [numbers] } },
        { plain: { ...this.rows('otherPresent', others === 0 ? 'none' : undefined, 0, rows), values } },
      ];
    }
    const split = this.get('kind') === PLAIN ? this.get('split') : rows;
    return [{
      numbered: {
        ...this.rows('present', whole, 0, split), entries: this.get('entries'), numbers,
        dictionary: this.copy(this.at.dictionary, this.get('dictionaryNext')),
      },
      plain: { ...this.rows('present', whole, split, rows), values },
    }];
  }

  /** Begins a row group. What was told plainly stays so. */
  begin(): void {
    const { table, slots, dictionary, dictionaryBytes, numbers, notes, present, otherPresent, presentBytes } = this.at;
    const { bytes } = this.memory.views;
    const words = {
      table, dictionaryNext: dictionary, dictionaryEnd: dictionary + dictionaryBytes, numbersNext: numbers, textsNext: notes, present, otherPresent,
    };
    for (const [word, value] of Object.entries(words)) this.put(word as ColumnWord, value);
    for (const word of ['entries', 'absent', 'split', 'others'] as const) this.put(word, 0);
    bytes.fill(0, table, table + slots * SLOT_BYTES);
    bytes.fill(0xff, present, present + presentBytes);
    bytes.fill(0, otherPresent, otherPresent + presentBytes);
  }

  private shape(form: ValueForm): void {
    this.put('width', valueBytes(form));
    if (form.kind === 'date') return;
    const [least, most] = form.kind === 'timestamp' ? [FIRST_INSTANT, LAST_INSTANT] : [form.least, form.most];
    const bounds = new DataView(this.memory.views.bytes.buffer, this.at.words);
    bounds.setBigInt64(COLUMN.least, least, true);
    bounds.setBigInt64(COLUMN.most, most, true);
    if (form.kind === 'decimal') {
      this.put('scale', form.scale);
      this.put('point', 1);
    }
    if (form.kind !== 'timestamp') return;
    const [separator, otherSeparator] = form.separators.map((text) => text.charCodeAt(0));
    const [fewestDigits, mostDigits] = form.digits;
    const words = { separator: separator!, otherSeparator: otherSeparator!, fewestDigits, mostDigits, offset: OFFSETS[form.offset] };
    for (const [word, value] of Object.entries(words)) this.put(word as ColumnWord, value);
  }

  private rows(list: 'present' | 'otherPresent', uniform: 'all' | 'none' | undefined, from: number, to: number): Rows {
    return { rows: to - from, present: uniform ?? bits(this.memory.views.bytes.subarray(this.at[list]), from, to) };
  }

  private copy(from: number, to: number): Buffer {
    return Buffer.from(this.memory.views.bytes.subarray(from, to));
  }

  private get(word: ColumnWord): number {
    return this.memory.views.words[(this.at.words + COLUMN[word]) >> 2]!;
  }

  private put(word: ColumnWord, value: number): void {
    this.memory.views.words[(this.at.words + COLUMN[word]) >> 2] = value;
  }
}

/** Bits of a list, the lowest of a byte first, as such a list. */
function bits(list: Uint8Array, from: number, to: number): Buffer {
  if ((from & 7) === 0) return Buffer.from(list.subarray(from >> 3, (to + 7) >> 3));
  const some = Buffer.alloc(Math.ceil((to - from) / 8));
  for (let bit = from; bit < to; bit++) if ((list[bit >> 3]! & (1 << (bit & 7))) !== 0) some[(bit - from) >> 3]! |= 1 << ((bit - from) & 7);
  return some;
}
