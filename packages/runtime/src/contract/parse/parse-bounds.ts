import type { Column, ColumnType } from '../contract';
import { ISO_GRAMMAR } from '../date-grammar';
import { integerRange, typeName } from '../engine-types';
import { compareDecimals, parseDecimal, type ExactDecimal } from '../exact-decimal';
import { isoOrder } from '../iso-order';
import { matchesGrammar } from '../lexical-grammar';
import type { MapReader } from './map-reader';
import { translatePattern } from '../translate-pattern';

type Limits = Pick<Column, 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum' | 'multipleOf' | 'minLength' | 'maxLength' | 'minItems' | 'maxItems' | 'pattern'>;

const BOUNDS = ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum'] as const;
const ISO_EXAMPLE = { date: '2024-12-31', time: '23:59:59', timestamp: '2024-12-31 23:59:59', zonedTimestamp: '2024-12-31T23:59:59Z' } as const;
const MAX_LENGTH = 1_073_741_824;
const MAX_ITEMS = 2_147_483_647;

/** Reads the options that limit values of a type; all of them are exact and within what the type can hold. */
export function parseLimits(options: MapReader, type: ColumnType, exactLength?: number): Limits {
  switch (type.kind) {
    case 'string': return stringLimits(options, type.length, exactLength);
    case 'integer':
    case 'decimal':
    case 'float': return numberLimits(options, type);
    case 'date':
    case 'time':
    case 'timestamp': return dateLimits(options, type);
    case 'array': return itemLimits(options);
    case 'object':
      for (const key of ['minProperties', 'maxProperties']) options.refuse(key, 'the members of an object are those that the contract declares', 'leave it out');
      options.refuse('required', 'members say themselves whether they may be NULL', 'write required: true at the members');
      return {};
    default:
      for (const key of ['minLength', 'maxLength', 'pattern', ...BOUNDS, 'multipleOf']) {
        options.refuse(key, `${key} has no meaning for ${typeName(type)}`, 'leave it out');
      }
      return {};
  }
}

function stringLimits(options: MapReader, length: number | undefined, exactLength: number | undefined): Limits {
  const minLength = options.integer('minLength', { min: 0, max: MAX_LENGTH });
  const maxLength = options.integer('maxLength', { min: 0, max: MAX_LENGTH });
  if (minLength !== undefined && minLength > (maxLength ?? length ?? MAX_LENGTH)) {
    options.problem('minLength', { rule: 'bounds-order', value: String(minLength), message: `no text has at least ${minLength} and at most ${maxLength ?? length} characters`, fix: 'write the smaller number as minLength' });
  }
  const pattern = options.text('pattern');
  const translated = pattern === undefined ? undefined : translatePattern(pattern);
  if (translated !== undefined && 'message' in translated) {
    options.problem('pattern', { rule: 'pattern', value: JSON.stringify(pattern), message: `pattern: ${translated.message}`, fix: translated.fix });
  }
  return { minLength: minLength ?? exactLength, maxLength, pattern };
}

function itemLimits(options: MapReader): Limits {
  const minItems = options.integer('minItems', { min: 0, max: MAX_ITEMS });
  const maxItems = options.integer('maxItems', { min: 0, max: MAX_ITEMS });
  options.refuse('uniqueItems', 'elements of an array are not compared with each other', 'leave it out, or write an sql quality rule');
  if (minItems !== undefined && maxItems !== undefined && minItems > maxItems) {
    options.problem('minItems', { rule: 'bounds-order', value: String(minItems), message: `no array has at least ${minItems} and at most ${maxItems} elements`, fix: 'write the smaller number as minItems' });
  }
  return { minItems, maxItems };
}

function numberLimits(options: MapReader, type: ColumnType): Limits {
  const limits: Record<string, string | undefined> = {};
  for (const key of BOUNDS) {
    const text = options.number(key);
    if (text === undefined) continue;
    limits[key] = text;
    const message = misfit(type, parseDecimal(text) as ExactDecimal);
    if (message !== undefined) options.problem(key, { rule: 'bound-range', value: text, message: `${key} ${message}`, fix: `write a bound that a ${typeName(type)} can hold, or leave it out` });
  }
  const multipleOf = options.number('multipleOf');
  if (multipleOf !== undefined) checkMultiple(options, type, multipleOf);
  checkOrder(options, limits, (a, b) => compareDecimals(parseDecimal(a) as ExactDecimal, parseDecimal(b) as ExactDecimal));
  return { ...limits, multipleOf };
}

function checkMultiple(options: MapReader, type: ColumnType, text: string): void {
  const value = parseDecimal(text) as ExactDecimal;
  if (type.kind === 'float') {
    options.problem('multipleOf', { rule: 'multiple-of', value: text, message: 'a float is hardly ever an exact multiple', fix: 'use physicalType decimal(p,s), or leave multipleOf out' });
  } else if (value.unscaled <= 0n) {
    options.problem('multipleOf', { rule: 'multiple-of', value: text, message: 'multipleOf must be greater than 0', fix: 'write a positive number' });
  } else {
    const message = misfit(type, value);
    if (message !== undefined) options.problem('multipleOf', { rule: 'multiple-of', value: text, message: `multipleOf ${message}`, fix: `write a number that a ${typeName(type)} can hold` });
  }
}

/** Why a bound would never hold or always hold for the type. */
function misfit(type: ColumnType, value: ExactDecimal): string | undefined {
  if (type.kind === 'integer') {
    const { min, max } = integerRange(type.bits, type.unsigned ?? false);
    if (value.scale > 0) return 'is not a whole number';
    return value.unscaled < min || value.unscaled > max ? `lies outside ${min} to ${max}` : undefined;
  }
  if (type.kind === 'decimal') {
    if (value.scale > type.scale) return `has more than ${type.scale} digits after the point`;
    const limit = 10n ** BigInt(type.precision - type.scale);
    const whole = (value.unscaled < 0n ? -value.unscaled : value.unscaled) / 10n ** BigInt(value.scale);
    return whole >= limit ? `has more than ${type.precision - type.scale} digits before the point` : undefined;
  }
  return undefined;
}

function dateLimits(options: MapReader, type: ColumnType & { kind: 'date' | 'time' | 'timestamp' }): Limits {
  const grammar = type.kind === 'timestamp' && type.zoned ? 'zonedTimestamp' : type.kind;
  const limits: Record<string, string | undefined> = {};
  for (const key of BOUNDS) {
    const text = options.text(key);
    if (text === undefined) continue;
    if (matchesGrammar(ISO_GRAMMAR[grammar], text) && isoOrder(text) !== undefined) {
      limits[key] = text;
    } else {
      options.problem(key, { rule: 'bound-range', value: JSON.stringify(text), message: `${key} must be an ISO ${typeName(type)} of the calendar, whatever format the data has`, fix: `write it like "${ISO_EXAMPLE[grammar]}"` });
    }
  }
  checkOrder(options, limits, (a, b) => {
    const left = isoOrder(a) as string;
    const right = isoOrder(b) as string;
    return left < right ? -1 : left > right ? 1 : 0;
  });
  return limits;
}

function checkOrder(options: MapReader, limits: Readonly<Record<string, string | undefined>>, compare: (a: string, b: string) => number): void {
  for (const [inclusive, exclusive] of [['minimum', 'exclusiveMinimum'], ['maximum', 'exclusiveMaximum']] as const) {
    if (limits[inclusive] !== undefined && limits[exclusive] !== undefined) {
      options.problem(exclusive, { rule: 'bounds-twice', value: limits[exclusive] as string, message: `${inclusive} and ${exclusive} are both given`, fix: 'keep one' });
    }
  }
  const low = limits.minimum ?? limits.exclusiveMinimum;
  const high = limits.maximum ?? limits.exclusiveMaximum;
  if (low === undefined || high === undefined) return;
  const order = compare(low, high);
  const strict = limits.minimum === undefined || limits.maximum === undefined;
  if (order > 0 || (order === 0 && strict)) {
    options.problem(limits.minimum === undefined ? 'exclusiveMinimum' : 'minimum', { rule: 'bounds-order', value: `${low} and ${high}`, message: 'no value lies between the bounds', fix: 'write the smaller one as the lower bound' });
  }
}
