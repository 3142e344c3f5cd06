import { malformedXml } from './s3-error';

/** An element of a parsed document: its own text, and its children in order. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

/** What an element of an answer can hold; `undefined` leaves it out, a list repeats it. */
export type XmlValue = string | number | boolean | undefined | XmlTree | readonly XmlValue[];
export interface XmlTree { readonly [name: string]: XmlValue }

const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Renders an answer; `null` is for S3's errors, which have no namespace, and whose readers do not find them in one. */
export function renderXml(root: string, tree: XmlTree, namespace: string | null = S3_NAMESPACE): string {
  const attribute = namespace === null ? '' : ` xmlns="${namespace}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${renderTree(tree)}</${root}>`;
}

function renderTree(tree: XmlTree): string {
  return Object.entries(tree).map(([name, value]) => renderElement(name, value)).join('');
}

function renderElement(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map((item: XmlValue) => renderElement(name, item)).join('');
  const body = typeof value === 'object' ? renderTree(value as XmlTree) : escapeXml(String(value));
  return `<${name}>${body}</${name}>`;
}

// Control characters are legal in object keys, not in XML 1.0; S3 sends them as character references all the same.
const SPECIAL = /[&<>"\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g;
const NAMED: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '\n', '\t': '\t' };

export function escapeXml(text: string): string {
  return text.replace(SPECIAL, (found) => NAMED[found] ?? `&#x${found.charCodeAt(0).toString(16)};`);
}

const TOKEN = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([^\s>]+)\s*>|<([^\s/>!?]+)([^>]*?)(\/?)>|([^<]+)/g;

interface OpenElement { name: string; text: string; children: XmlElement[] }

/**
 * Parses the small documents that clients send. Attributes are dropped, prefixes too; a document type is refused.
 *
 * @throws S3Error MalformedXML
 */
export function parseXml(text: string): XmlElement {
  const top: OpenElement = { name: '', text: '', children: [] };
  const stack: OpenElement[] = [top];
  let position = 0;
  for (const match of text.replace(/^\ufeff/, '').matchAll(TOKEN)) {
    if (match.index !== position) throw malformedXml();
    position += match[0].length;
    readToken(match, stack);
  }
  const root = top.children[0];
  const rest = text.replace(/^\ufeff/, '').length - position;
  if (rest !== 0 || stack.length !== 1 || top.children.length !== 1 || root === undefined || top.text.trim() !== '') {
    throw malformedXml();
  }
  return root;
}

function readToken(match: RegExpMatchArray, stack: OpenElement[]): void {
  const [, cdata, closing, opening, , selfClosing, characters] = match;
  const current = stack[stack.length - 1]!;
  if (cdata !== undefined) {
    current.text += cdata;
  } else if (characters !== undefined) {
    current.text += decodeReferences(characters);
  } else if (opening !== undefined) {
    const element: OpenElement = { name: localName(opening), text: '', children: [] };
    current.children.push(element);
    if (selfClosing !== '/') stack.push(element);
  } else if (closing !== undefined) {
    if (stack.length === 1 || current.name !== localName(closing)) throw malformedXml();
    stack.pop();
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeReferences(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(/&([^;\s]*);?/g, (_, reference: string) => {
    const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(reference);
    if (number) {
      const code = number[1] !== undefined ? parseInt(number[1], 16) : parseInt(number[2]!, 10);
      if (code > 0x10ffff) throw malformedXml();
      return String.fromCodePoint(code);
    }
    const known = ENTITIES[reference];
    if (known === undefined) throw malformedXml();
    return known;
  });
}

/** Text of the first child with that name. */
export function childText(element: XmlElement, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text;
}
