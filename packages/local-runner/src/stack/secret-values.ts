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

  /** Makes what is missing, and writes into attached secrets where their database is. */
  public seed(assembly: Assembly, databases: ReadonlyMap<string, Readonly<Record<string, unknown>>>): void {
    for (const resource of assembly.ofType('AWS::SecretsManager::Secret')) this.values[resource.ref] ??= initialValue(resource);
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

  /** Value for a dynamic reference; made on demand, since a template is resolved before its secrets are seeded. */
  public reference(arn: string, jsonKey: string): string {
    return jsonKey === '' ? this.values[arn] ?? '' : String(this.json(arn)[jsonKey] ?? '');
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
