import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Scalar } from 'yaml';

/** Where something stands in the contract file; both are 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * A value of a YAML file with its position, and with numbers as the text that was written.
 *
 * Numbers are never held as JavaScript numbers: `9223372036854775807` and `0.1` stay what they are.
 */
export type YamlValue = YamlMap | YamlList | YamlScalar;

export interface YamlMap {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: ReadonlyMap<string, { readonly keyAt: Position; readonly value: YamlValue }>;
}

export interface YamlList {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly YamlValue[];
}

export interface YamlScalar {
  readonly kind: 'text' | 'number' | 'boolean' | 'null';
  readonly at: Position;
  /** The text itself, the number as it was written, `true`, `false` or `null`. */
  readonly text: string;
}

export interface YamlTrouble {
  readonly at: Position;
  readonly rule: string;
  readonly value: string;
  readonly message: string;
  readonly fix: string;
}

// A contract of 1,000 columns has about 300 KB; more than this is a mistake, and costs memory in a function.
const MAX_TEXT = 4 * 1024 * 1024;
const MAX_DEPTH = 32;
// Aliases of aliases multiply: the library stops counting here.
const MAX_ALIASES = 200;

/** Reads YAML 1.2 (core schema) without judging the content. No value is returned together with trouble. */
export function readYaml(text: string): { value?: YamlValue; trouble: YamlTrouble[] } {
  const start = { line: 1, column: 1 };
  if (text.length > MAX_TEXT) {
    return { trouble: [{ at: start, rule: 'file-size', value: `${text.length} characters`, message: `a contract has at most ${MAX_TEXT} characters`, fix: 'split it into one contract per data product' }] };
  }
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines, intAsBigInt: true, uniqueKeys: true, version: '1.2', schema: 'core', merge: false, prettyErrors: false,
      // Not `silent`, which would also hide that a second document follows.
      logLevel: 'error',
    });
    if (document.errors.some(({ message }) => message.includes('call stack'))) throw new RangeError();
    const trouble = [...document.errors, ...document.warnings].map((error): YamlTrouble => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { at: { line, column: col }, rule: yamlRule(error.code), value: lineOf(text, line), message: error.message, fix: yamlFix(error.code) };
    });
    if (trouble.length > 0) return { trouble };
    // Only the library knows how aliases multiply, so it is asked before they are followed.
    document.toJS({ maxAliasCount: MAX_ALIASES });
    return new YamlReader(document, lines).read();
  } catch (error) {
    const message = error instanceof RangeError ? 'nested too deeply' : error instanceof Error ? error.message : String(error);
    return { trouble: [{ at: start, rule: 'yaml-syntax', value: '', message, fix: 'write the values out, without deep nesting or many aliases' }] };
  }
}

class YamlReader {
  private readonly trouble: YamlTrouble[] = [];

  constructor(private readonly document: Document, private readonly lines: LineCounter) {}

  read(): { value?: YamlValue; trouble: YamlTrouble[] } {
    const value = this.value(this.document.contents as Node | null, { line: 1, column: 1 }, 0);
    return this.trouble.length > 0 ? { trouble: this.trouble } : { value, trouble: [] };
  }

  private value(node: Node | null | undefined, near: Position, depth: number): YamlValue {
    if (node === null || node === undefined) return { kind: 'null', at: near, text: 'null' };
    const at = this.position(node, near);
    if (depth > MAX_DEPTH) throw new RangeError();
    if (isAlias(node)) return this.value(node.resolve(this.document) as Node | undefined, at, depth + 1);
    if (isMap(node)) {
      const entries = new Map<string, { keyAt: Position; value: YamlValue }>();
      for (const pair of node.items) {
        const key = this.key(pair.key as Node, at);
        if (key === undefined) continue;
        entries.set(key.text, { keyAt: key.at, value: this.value(pair.value as Node | null, key.at, depth + 1) });
      }
      return { kind: 'map', at, entries };
    }
    if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => this.value(item as Node, at, depth + 1)) };
    if (isScalar(node)) return this.scalar(node, at);
    return { kind: 'null', at, text: 'null' };
  }

  private key(node: Node, near: Position): { text: string; at: Position } | undefined {
    const at = node === null ? near : this.position(node, near);
    if (isScalar(node) && typeof node.value === 'string') return { text: node.value, at };
    this.trouble.push({
      at, rule: 'yaml-key', value: isScalar(node) ? String(node.value) : 'a list, object or alias',
      message: 'a key must be text', fix: 'put the key in quotes',
    });
    return undefined;
  }

  private scalar(node: Scalar, at: Position): YamlScalar {
    const { value } = node;
    if (typeof value === 'string') return { kind: 'text', at, text: value };
    if (typeof value === 'boolean') return { kind: 'boolean', at, text: String(value) };
    if (typeof value === 'bigint') return { kind: 'number', at, text: String(value) };
    if (typeof value === 'number') return { kind: 'number', at, text: node.source ?? String(value) };
    return { kind: 'null', at, text: 'null' };
  }

  private position(node: Node, near: Position): Position {
    if (!node.range) return near;
    const { line, col } = this.lines.linePos(node.range[0]);
    return { line, column: col };
  }
}

function lineOf(text: string, line: number): string {
  return (text.split('\n', line)[line - 1] ?? '').trim().slice(0, 80);
}

function yamlRule(code: string): string {
  return code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'yaml-syntax';
}

function yamlFix(code: string): string {
  if (code === 'DUPLICATE_KEY') return 'keep one of the two';
  if (code === 'MULTIPLE_DOCS') return 'keep one contract per file';
  if (code === 'TAG_RESOLVE_FAILED') return 'leave the tag out';
  return 'correct the YAML at this place';
}
