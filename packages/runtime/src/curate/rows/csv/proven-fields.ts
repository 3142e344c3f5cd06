import type { Column, Dataset } from '../../../contract/contract';
import { exactGrammar } from '../../../contract/lexical-grammar';
import { isNested } from '../../../contract/nested-type';
import { patternGrammar } from '../../../contract/pattern-grammar';
import type { CsvDialect } from './csv-dialect';
import type { FieldMap } from './csv-header';
import { fieldAutomaton, type FieldAutomaton } from './field-automaton';
import { RecordAutomaton, type FieldForm } from './record-automaton';

const LF = 10;
const CR = 13;

/** Doubted records of a segment that are told apart; with more, the columns in doubt are checked in all records. */
const MAX_DOUBTED = 1_000;

/** What the scanner knows of the texts of a stretch of good records. */
export interface FieldProof {
  /** Columns, by their number, whose every text is in the grammar, or means NULL. */
  readonly always: ReadonlySet<number>;
  /** Columns of which that holds in all records but the doubted ones. */
  readonly elsewhere: ReadonlySet<number>;
  /** Numbers of the records with a text that is not in its grammar, from 0 and ascending. */
  readonly doubted: readonly number[];
}

/** Nothing is known: the engine checks every text. */
export const NO_PROOF: FieldProof = { always: new Set(), elsewhere: new Set(), doubted: [] };

/**
 * The scanner's knowledge of what fields must look like.
 *
 * A text in the grammar needs no second look by the engine: its cast may run without the regular expression, which costs
 * more than all the scanning. Any other text the engine checks as if nothing had been seen. So the automata decide about
 * speed only, never about a value.
 */
export class ProvenFields {
  /** By field: the automaton for unquoted texts, which also accepts what means NULL. */
  readonly plain: (FieldAutomaton | undefined)[];
  /** By field: the automaton for texts in quotes. */
  readonly quoted: (FieldAutomaton | undefined)[];
  /** By field: 1 once a text was not in the grammar. The scanner writes it. */
  readonly doubtful: Uint8Array;
  /** Good records with a text that was not in its grammar, by their number since the last {@link take}. The scanner writes it. */
  readonly doubted: number[] = [];
  /** Good records since the last {@link take}. The scanner counts them. */
  records = 0;
  /** Passes the records whose every field is in its grammar; undefined where a table for that would be too large. */
  readonly automaton: RecordAutomaton | undefined;

  /** @param values fields that are told as values, of which it is known elsewhere which texts are in their grammar */
  constructor(
    private readonly dataset: Dataset, dialect: CsvDialect, private readonly fieldMap: FieldMap, values: { has(field: number): boolean } = new Set(),
  ) {
    const { quote, delimiter } = dialect;
    const quotes = quote < 0 ? [] : [quote];
    this.doubtful = new Uint8Array(dialect.fields);
    this.plain = new Array<undefined>(dialect.fields).fill(undefined);
    this.quoted = new Array<undefined>(dialect.fields).fill(undefined);
    const nulls = dataset.record.nullTokens.map(escapeText);
    // Columns of one form share their automata: they are built while the source waits.
    const known = new Map<string, FieldForm>();
    dataset.columns.forEach((column, index) => {
      const field = fieldMap.byColumn[index];
      const grammar = grammarOf(column);
      if (field === undefined || grammar === undefined || values.has(field)) return;
      let automata = known.get(grammar);
      if (automata === undefined) {
        automata = { plain: fieldAutomaton([grammar, ...nulls].join('|'), [delimiter, LF, CR, ...quotes]), quoted: fieldAutomaton(grammar, [LF, CR, ...quotes]) };
        known.set(grammar, automata);
      }
      ({ plain: this.plain[field], quoted: this.quoted[field] } = automata);
    });
    this.automaton = RecordAutomaton.of(dialect, this.plain.map((plain, field) => ({ plain, quoted: this.quoted[field] })));
  }

  /** What is known of the records since the last call. */
  take(): FieldProof {
    const { dataset, fieldMap, plain, quoted, doubtful } = this;
    const formless = new Set(dataset.columns.flatMap((column, index) => (isFormless(column) ? [fieldMap.byColumn[index]] : [])));
    const knows = (field: number): boolean => formless.has(field) || (plain[field] !== undefined && quoted[field] !== undefined);
    const proof = proofOf(dataset, fieldMap, { knows, doubtful, doubted: this.doubted.splice(0) });
    doubtful.fill(0);
    this.records = 0;
    return proof;
  }
}

/** What follows for columns from what is known of fields. */
export function proofOf({ columns }: Dataset, { byColumn }: FieldMap, found: {
  /** Whether texts of the field are looked at. */
  readonly knows: (field: number) => boolean;
  /** By field: 1 once a text was not in the grammar. */
  readonly doubtful: Uint8Array;
  /** Numbers of the records with such a text. */
  readonly doubted: readonly number[];
}): FieldProof {
  const { knows, doubtful, doubted } = found;
  const always = new Set<number>();
  const elsewhere = new Set<number>();
  columns.forEach((_, column) => {
    const field = byColumn[column];
    if (field === undefined || !knows(field)) return;
    if (doubtful[field] === 0 || doubted.length === 0) always.add(column);
    else if (doubted.length <= MAX_DOUBTED) elsewhere.add(column);
  });
  return { always, elsewhere, doubted };
}

/** Whether a column takes any text that has no U+0000. */
export function isFormless({ type, pattern }: Column): boolean {
  return type.kind === 'string' && pattern === undefined;
}

/** The grammar that lets a cast run alone, or a pattern go unchecked; undefined where there is no costly check. */
export function grammarOf(column: Column): string | undefined {
  const { kind } = column.type;
  // A default takes the place of a text that nobody has matched with the pattern.
  if (kind === 'string') return column.pattern === undefined || column.default !== undefined ? undefined : patternGrammar(column.pattern);
  return kind === 'boolean' || isNested(column.type) ? undefined : exactGrammar(column);
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
