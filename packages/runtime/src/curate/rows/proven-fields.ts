import type { Column, Dataset } from '../../contract/contract';
import { exactGrammar } from '../../contract/lexical-grammar';
import type { CsvDialect } from './csv-dialect';
import type { FieldMap } from './csv-header';
import { fieldAutomaton, type FieldAutomaton } from './field-automaton';

const LF = 10;
const CR = 13;

/**
 * The scanner's knowledge of what fields must look like.
 *
 * A segment in which every text of a column is in the grammar needs no second look by the engine: its cast may run
 * without the regular expression, which costs more than all the scanning. One text that is not, and the engine checks
 * the column as if nothing had been seen. So the automata decide about speed only, never about a value.
 */
export class ProvenFields {
  /** By field: the automaton for unquoted texts, which also accepts what means NULL. */
  readonly plain: (FieldAutomaton | undefined)[];
  /** By field: the automaton for texts in quotes. */
  readonly quoted: (FieldAutomaton | undefined)[];
  /** By field: 1 once a text was not in the grammar. The scanner writes it. */
  readonly doubtful: Uint8Array;

  constructor(private readonly dataset: Dataset, dialect: CsvDialect, private readonly fieldMap: FieldMap) {
    const { quote, delimiter } = dialect;
    const quotes = quote < 0 ? [] : [quote];
    this.doubtful = new Uint8Array(dialect.fields);
    this.plain = new Array<undefined>(dialect.fields).fill(undefined);
    this.quoted = new Array<undefined>(dialect.fields).fill(undefined);
    dataset.columns.forEach((column, index) => {
      const field = fieldMap.byColumn[index]!;
      const grammar = grammarOf(column);
      if (grammar === undefined) return;
      const nulls = dataset.record.nullTokens.map(escapeText);
      this.plain[field] = fieldAutomaton([grammar, ...nulls].join('|'), [delimiter, LF, CR, ...quotes]);
      this.quoted[field] = fieldAutomaton(grammar, [LF, CR, ...quotes]);
    });
  }

  /** Columns, by their number, whose every text since the last call was in the grammar. */
  take(): ReadonlySet<number> {
    const proven = new Set<number>();
    this.fieldMap.byColumn.forEach((field, column) => {
      // The scanner lets no NUL byte pass, and a text has no other rule of form.
      if (this.dataset.columns[column]!.type.kind === 'string') proven.add(column);
      else if (this.plain[field] !== undefined && this.quoted[field] !== undefined && this.doubtful[field] === 0) proven.add(column);
    });
    this.doubtful.fill(0);
    return proven;
  }
}

/** The grammar that lets a cast run alone; undefined where the cast has no costly check. */
function grammarOf(column: Column): string | undefined {
  const { kind } = column.type;
  return kind === 'string' || kind === 'boolean' ? undefined : exactGrammar(column);
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
