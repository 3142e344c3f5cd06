import { referenceValues } from './reference-values';
import { LOCAL, type Resource, type Template } from './resource';

/** What a template needs from outside it. */
export interface TemplateSurroundings {
  readonly parameters: Readonly<Record<string, unknown>>;
  importValue(name: string): unknown;
  /** Value of a `{{resolve:…}}` reference, given what stands between the braces. */
  dynamicReference(reference: string): string;
  /** Attributes that only a running thing can tell, such as the port of a database. */
  attributes(stack: string, logicalId: string): Readonly<Record<string, unknown>> | undefined;
  path(stack: string, logicalId: string): string;
  /** Output of a nested stack. */
  nestedOutput(stack: string, logicalId: string, output: string): unknown;
  warn(message: string): void;
}

type Node = Record<string, unknown>;
const DROPPED = Symbol('AWS::NoValue');

/** Type of a resource that is a stack of its own. */
export const NESTED_STACK = 'AWS::CloudFormation::Stack';

/** A stack in a stack. */
export interface NestedStackResource {
  readonly logicalId: string;
  readonly templateUrl: string;
  /** Resolved when looked at, because parent and child may refer to each other. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** One template, resolved on demand: intrinsics refer to each other in any order. */
export class StackTemplate {
  private readonly resolved = new Map<string, Resource>();
  private readonly open = new Set<string>();

  public constructor(public readonly stack: string, private readonly template: Template, private readonly around: TemplateSurroundings) {}

  public resources(): Resource[] {
    return Object.entries(this.template.Resources ?? {})
      .filter(([, { Condition }]) => Condition === undefined || this.condition(Condition))
      .map(([logicalId]) => this.resource(logicalId));
  }

  /** The resources that are stacks of their own. */
  public nestedStacks(): NestedStackResource[] {
    return Object.entries(this.template.Resources ?? {})
      .filter(([, { Type, Condition }]) => Type === NESTED_STACK && (Condition === undefined || this.condition(Condition)))
      .map(([logicalId, { Properties = {} }]) => {
        const parameters = {};
        for (const [name, given] of Object.entries((Properties.Parameters ?? {}) as Node)) {
          Object.defineProperty(parameters, name, { enumerable: true, get: () => this.value(given) });
        }
        return { logicalId, templateUrl: String(this.value(Properties.TemplateURL)), parameters };
      });
  }

  public exports(): Array<[name: string, value: () => unknown]> {
    return Object.values(this.template.Outputs ?? {}).flatMap(({ Export, Value }) =>
      (Export === undefined ? [] : [[String(this.value(Export.Name)), () => this.value(Value)] as [string, () => unknown]]));
  }

  public output(name: string): unknown {
    return this.value(this.template.Outputs?.[name]?.Value);
  }

  private resource(logicalId: string): Resource {
    const known = this.resolved.get(logicalId);
    if (known) return known;
    const { Type, Properties = {}, Metadata = {} } = this.template.Resources?.[logicalId] ?? { Type: '' };
    const { stack } = this;
    const values = this.references(logicalId);
    const value = (name: string) => this.value(Properties[name]);
    const resource: Resource = {
      stack, logicalId, type: Type, path: this.around.path(stack, logicalId), ref: values.ref, attributes: values.attributes, metadata: Metadata,
      // Resolved when looked at: a broken corner that nothing reads must not stop a run.
      get properties() {
        const properties = Object.fromEntries(Object.keys(Properties).map((name) => [name, value(name)]).filter(([, each]) => each !== DROPPED));
        Object.defineProperty(this, 'properties', { value: properties });
        return properties;
      },
    };
    this.resolved.set(logicalId, resource);
    return resource;
  }

  private references(logicalId: string): { ref: string; attributes: Readonly<Record<string, unknown>> } {
    const { Type, Properties = {} } = this.template.Resources?.[logicalId] ?? { Type: '' };
    if (this.open.has(logicalId)) throw new Error(`${this.stack}/${logicalId}: its name depends on itself`);
    this.open.add(logicalId);
    try {
      const values = referenceValues({ stack: this.stack, logicalId, type: Type, property: (name) => this.plain(this.value(Properties[name])) });
      return { ref: values.ref, attributes: { ...values.attributes, ...this.around.attributes(this.stack, logicalId) } };
    } finally {
      this.open.delete(logicalId);
    }
  }

  /** Resolves any part of the template. */
  public value(node: unknown): unknown {
    if (typeof node === 'string') return this.dynamic(node);
    if (Array.isArray(node)) return node.map((each) => this.value(each)).filter((each) => each !== DROPPED);
    if (typeof node !== 'object' || node === null) return node;
    const keys = Object.keys(node);
    if (keys.length === 1) {
      const [name] = keys as [string];
      if (name === 'Ref') return this.ref(String((node as Node).Ref));
      if (name === 'Condition' && typeof (node as Node).Condition === 'string') return this.condition(String((node as Node).Condition));
      if (name.startsWith('Fn::')) return this.dynamic(this.intrinsic(name.slice(4), (node as Node)[name]));
    }
    return Object.fromEntries(Object.entries(node).map(([key, each]) => [key, this.value(each)]).filter(([, each]) => each !== DROPPED));
  }

  /** A dynamic reference often stands in a joined text, so it is looked for in results too. */
  private dynamic(value: unknown): unknown {
    return typeof value !== 'string' ? value
      : value.replace(/\{\{resolve:([^}]+)\}\}/g, (_, reference: string) => this.around.dynamicReference(reference));
  }

  private ref(name: string): unknown {
    switch (name) {
      case 'AWS::AccountId': return LOCAL.account;
      case 'AWS::Region': return LOCAL.region;
      case 'AWS::Partition': return LOCAL.partition;
      case 'AWS::URLSuffix': return 'amazonaws.com';
      case 'AWS::StackName': return this.stack;
      case 'AWS::StackId': return `arn:aws:cloudformation:${LOCAL.region}:${LOCAL.account}:stack/${this.stack}/00000000-0000-0000-0000-000000000000`;
      case 'AWS::NotificationARNs': return [];
      case 'AWS::NoValue': return DROPPED;
      default:
    }
    if (this.template.Resources?.[name]) return this.referencesCached(name).ref;
    if (name in this.around.parameters) return this.around.parameters[name];
    const parameter = this.template.Parameters?.[name];
    if (parameter === undefined) throw new Error(`${this.stack}: Ref to ${name}, which is neither a resource nor a parameter`);
    if (parameter.Default === undefined) throw new Error(`${this.stack}: parameter ${name} has no default; the local runner gives no parameters`);
    return parameter.Default;
  }

  private readonly referenceCache = new Map<string, { ref: string; attributes: Readonly<Record<string, unknown>> }>();

  private referencesCached(logicalId: string): { ref: string; attributes: Readonly<Record<string, unknown>> } {
    const known = this.referenceCache.get(logicalId) ?? this.references(logicalId);
    this.referenceCache.set(logicalId, known);
    return known;
  }

  private getAtt(logicalId: string, attribute: string): unknown {
    const resource = this.template.Resources?.[logicalId];
    if (resource === undefined) throw new Error(`${this.stack}: Fn::GetAtt of ${logicalId}, which is no resource`);
    if (resource.Type === NESTED_STACK && attribute.startsWith('Outputs.')) {
      return this.around.nestedOutput(this.stack, logicalId, attribute.slice('Outputs.'.length));
    }
    const { attributes } = this.referencesCached(logicalId);
    if (attribute in attributes) return attributes[attribute];
    this.around.warn(`${resource.Type} ${this.around.path(this.stack, logicalId)}: the attribute ${attribute} is not known locally`);
    return `${this.stack}-${logicalId}-${attribute}`;
  }

  private intrinsic(name: string, operand: unknown): unknown {
    const list = () => this.value(operand) as unknown[];
    switch (name) {
      case 'GetAtt': {
        const [logicalId, attribute] = typeof operand === 'string' ? [operand.slice(0, operand.indexOf('.')), operand.slice(operand.indexOf('.') + 1)] : operand as [string, unknown];
        return this.getAtt(logicalId, String(this.value(attribute)));
      }
      case 'Join': { const [separator, parts] = list() as [string, unknown[]]; return parts.join(separator); }
      case 'Select': { const [index, items] = list() as [string | number, unknown[]]; return items[Number(index)]; }
      case 'Split': { const [separator, text] = list() as [string, string]; return String(text).split(separator); }
      case 'Sub': return this.sub(operand);
      case 'GetAZs': return ['a', 'b', 'c'].map((zone) => `${LOCAL.region}${zone}`);
      case 'FindInMap': {
        const [map, first, second, otherwise] = list() as [string, string, string, { DefaultValue?: unknown }?];
        const found = this.template.Mappings?.[map]?.[first]?.[second] ?? otherwise?.DefaultValue;
        if (found === undefined) throw new Error(`${this.stack}: the mapping ${map} has no ${first}/${second}`);
        return this.value(found);
      }
      case 'If': { const [condition, yes, no] = operand as [string, unknown, unknown]; return this.value(this.condition(condition) ? yes : no); }
      case 'Equals': { const [a, b] = list(); return JSON.stringify(a) === JSON.stringify(b); }
      case 'And': return (operand as unknown[]).every((each) => this.value(each));
      case 'Or': return (operand as unknown[]).some((each) => this.value(each));
      case 'Not': return !this.value((operand as unknown[])[0]);
      case 'Contains': { const [items, item] = list() as [unknown[], unknown]; return items.includes(item); }
      case 'Base64': return Buffer.from(String(this.value(operand))).toString('base64');
      case 'Cidr': { const [block, count, bits] = list() as [string, number, number?]; return cidr(block, Number(count), Number(bits ?? 8)); }
      case 'ImportValue': return this.around.importValue(String(this.value(operand)));
      case 'Length': return list().length;
      case 'ToJsonString': return JSON.stringify(this.value(operand));
      default: throw new Error(`${this.stack}: Fn::${name} is not emulated`);
    }
  }

  private sub(operand: unknown): string {
    const [text, given] = (Array.isArray(operand) ? operand : [operand, {}]) as [string, Node];
    return text.replace(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (name in given) return String(this.value(given[name]));
      const dot = name.indexOf('.');
      return String(dot < 0 ? this.ref(name) : this.getAtt(name.slice(0, dot), name.slice(dot + 1)));
    });
  }

  private condition(name: string): boolean {
    return Boolean(this.value(this.template.Conditions?.[name]));
  }

  private plain(value: unknown): unknown {
    return value === DROPPED ? undefined : value;
  }
}

function cidr(block: string, count: number, bits: number): string[] {
  const base = block.split('/')[0]?.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) ?? 0;
  return Array.from({ length: count }, (_, i) => {
    const address = base + i * 2 ** bits;
    return `${[24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')}/${32 - bits}`;
  });
}
