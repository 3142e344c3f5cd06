import type { Dataset } from '../../contract/contract';
import { isRead, mapRead } from './csv/csv-header';
import { fieldAutomaton, type FieldAutomaton } from './csv/field-automaton';
import { grammarOf, isFormless, proofOf, type FieldProof } from './csv/proven-fields';

/** Where a line ends, or a text that no target can store begins, automata have nothing to say. */
const UNEXPECTED = [0, 10, 13];

/**
 * What is known of texts that we re-tell: as {@link ProvenFields}, for values that have been cut out of their record.
 *
 * Texts are compared with the grammar while they are copied, at one table look-up a byte.
 */
export class ProvenTexts {
  /** By column that is read: the automaton of its texts; undefined where there is none, and for texts without a form. */
  readonly forms: readonly (FieldAutomaton | undefined)[];
  private readonly fieldMap;
  private readonly formless: readonly boolean[];
  private readonly doubtful: Uint8Array;
  private readonly doubted: number[] = [];
  private inDoubt = false;
  private records = 0;

  constructor(private readonly dataset: Dataset) {
    const columns = dataset.columns.filter(isRead);
    this.fieldMap = mapRead(dataset);
    this.formless = columns.map(isFormless);
    this.doubtful = new Uint8Array(columns.length);
    this.forms = columns.map((column) => {
      const grammar = grammarOf(column);
      return grammar === undefined ? undefined : fieldAutomaton(grammar, UNEXPECTED);
    });
  }

  /** Takes note of a text of the open record that is not in its grammar. */
  doubt(field: number): void {
    this.doubtful[field] = 1;
    this.inDoubt = true;
  }

  /** Looks at a text by itself, where it may hold anything. */
  look(field: number, text: Buffer): void {
    const form = this.forms[field];
    if (form === undefined ? this.formless[field] && text.includes(0) : !isAccepted(form, text)) this.doubt(field);
  }

  /** Ends the open record. */
  endRecord(): void {
    if (this.inDoubt) this.doubted.push(this.records);
    this.inDoubt = false;
    this.records++;
  }

  /** What is known of the records since the last call. */
  take(): FieldProof {
    const { dataset, fieldMap, forms, formless, doubtful } = this;
    const doubted = this.doubted.splice(0);
    const proof = proofOf(dataset, fieldMap, { knows: (field) => formless[field]! || forms[field] !== undefined, doubtful, doubted });
    doubtful.fill(0);
    this.records = 0;
    return proof;
  }
}

function isAccepted({ start, next, accepts }: FieldAutomaton, text: Buffer): boolean {
  let state = start;
  // From the end of a field nothing leads away, and it accepts nothing.
  for (let at = 0; at < text.length; at++) state = next[state + text[at]!]!;
  return accepts[state >> 8] === 1;
}
