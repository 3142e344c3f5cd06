import { randomInt } from 'node:crypto';
import type { Assembly, Resource } from '../assembly';
import type { StateFolder } from './state-folder';

const FILE = 'secrets.json';
const DEFAULT_LENGTH = 32;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DIGITS = '0123456789';
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/** Secrets of the assembly with generated values, kept in the state folder so that a database keeps its passwords. */
export class SecretValues {
  private readonly values: Record<string, string>;

  public constructor(private readonly state: StateFolder) {
    this.values = state.read<Record<string, string>>(FILE) ?? {};
  }

  /** Makes what is missing. Comes before anything that looks at a resource whose template holds a secret. */
  public generate(assembly: Assembly): void {
    for (const resource of assembly.ofType('AWS::SecretsManager::Secret')) this.values[resource.ref] ??= initialValue(resource);
    this.state.write(FILE, this.values);
  }

  /** Writes into attached secrets where their database is. */
  public attach(assembly: Assembly, databases: ReadonlyMap<string, Readonly<Record<string, unknown>>>): void {
    for (const { properties } of assembly.ofType('AWS::SecretsManager::SecretTargetAttachment')) {
      const target = databases.get(String(properties.TargetId));
      if (target !== undefined) this.merge(String(properties.SecretId), target);
    }
    this.state.write(FILE, this.values);
  }

  public get(arn: string): string | undefined {
    return this.values[arn];
  }

  public json(arn: string): Record<string, unknown> {
    const value = this.values[arn];
    return value?.startsWith('{') ? JSON.parse(value) as Record<string, unknown> : {};
  }

  public merge(arn: string, members: Readonly<Record<string, unknown>>): void {
    this.values[arn] = JSON.stringify({ ...this.json(arn), ...members });
  }

  /** Value for a dynamic reference. Throws for a secret that no template makes, or that lacks the key. */
  public reference(arn: string, jsonKey: string): string {
    const value = jsonKey === '' ? this.values[arn] : this.json(arn)[jsonKey];
    if (value === undefined) throw new Error(`the secret ${arn} ${this.values[arn] === undefined ? 'is not made by the assembly' : `has no key ${jsonKey}`}`);
    return String(value);
  }

  public entries(): Array<[arn: string, value: string]> {
    return Object.entries(this.values);
  }
}

interface GenerateSecretString {
  SecretStringTemplate?: string; GenerateStringKey?: string; PasswordLength?: number; ExcludeCharacters?: string;
  ExcludePunctuation?: boolean; ExcludeNumbers?: boolean; ExcludeLowercase?: boolean; ExcludeUppercase?: boolean;
}

function initialValue(resource: Resource): string {
  const { SecretString, GenerateSecretString: rule } = resource.properties as { SecretString?: string; GenerateSecretString?: GenerateSecretString };
  if (SecretString !== undefined) return SecretString;
  if (rule === undefined) return '';
  const password = generate(rule);
  return rule.GenerateStringKey === undefined ? password : JSON.stringify({ ...JSON.parse(rule.SecretStringTemplate ?? '{}') as object, [rule.GenerateStringKey]: password });
}

function generate(rule: GenerateSecretString): string {
  const excluded = new Set(rule.ExcludeCharacters ?? '');
  const pool = [...`${LETTERS}${rule.ExcludeNumbers ? '' : DIGITS}${rule.ExcludePunctuation ? '' : PUNCTUATION}`].filter((each) =>
    !excluded.has(each) && !(rule.ExcludeLowercase && /[a-z]/.test(each)) && !(rule.ExcludeUppercase && /[A-Z]/.test(each)));
  return Array.from({ length: rule.PasswordLength ?? DEFAULT_LENGTH }, () => pool[randomInt(pool.length)]).join('');
}
