import type { ColumnType, NestedType } from '../contract';
import { hasOffset, parseDateFormat } from '../date-format';
import type { MapReader } from './map-reader';

const LOGICAL_TYPES = ['string', 'date', 'timestamp', 'time', 'number', 'integer', 'boolean', 'object', 'array'] as const;
const NUMBER_FIX = 'physicalType: decimal(10,2) with the digits you need, or logicalTypeOptions: { format: f64 }';
// Byte lengths beyond it overflow the limits of the targets.
const MAX_VARCHAR = 10_485_760;

/** The type of a property, and what of its options belongs to reading text. */
export interface ParsedType {
  readonly type: ColumnType;
  readonly format?: string;
  /** From `char(n)`: the text has exactly n characters. */
  readonly exactLength?: number;
}

/**
 * Reads logicalType, physicalType and the options that decide the type; reports what has no exact meaning.
 *
 * @param nested reads the type of an object or array
 */
export function parseColumnType(
  property: MapReader, options: MapReader | undefined, nested: (kind: 'object' | 'array') => NestedType | undefined,
): ParsedType | undefined {
  const logicalType = property.choice('logicalType', LOGICAL_TYPES);
  const physical = property.text('physicalType');
  if (logicalType === undefined) {
    if (!property.has('logicalType')) {
      property.problem(undefined, { rule: 'required-key', value: 'nothing', message: 'logicalType is required', fix: `write logicalType: ${LOGICAL_TYPES.slice(0, 7).join(', ')}` });
    }
    // Read, so that a missing type does not also report its options as unknown.
    options?.ignore('format', 'timezone', 'defaultTimezone');
    return undefined;
  }
  if (physical !== undefined && logicalType !== 'number' && logicalType !== 'string') {
    property.problem('physicalType', {
      rule: 'physical-type', value: JSON.stringify(physical), message: `physicalType has no meaning for logicalType ${logicalType}`,
      fix: logicalType === 'integer' ? 'leave it out; logicalTypeOptions.format (i8 to u64) is the width' : 'leave it out',
    });
  }
  switch (logicalType) {
    case 'string': return stringType(property, options, physical);
    case 'number': return numberType(property, options, physical);
    case 'integer': return integerType(options);
    case 'boolean': return { type: { kind: 'boolean' } };
    case 'date': return dateType(options, 'date', { kind: 'date' });
    case 'time': return dateType(options, 'time', { kind: 'time' });
    case 'timestamp': return timestampType(options);
    case 'object':
    case 'array': {
      const type = nested(logicalType);
      // Read, so that a type with a problem does not also report its options as unknown.
      if (type === undefined) options?.ignore('minItems', 'maxItems');
      return type === undefined ? undefined : { type };
    }
  }
}

function stringType(property: MapReader, options: MapReader | undefined, physical: string | undefined): ParsedType | undefined {
  const format = options?.text('format');
  const length = /^\s*(varchar|char)\s*\(\s*(\d{1,9})\s*\)\s*$/i.exec(physical ?? '');
  const size = Number(length?.[2] ?? 0);
  if (physical !== undefined && (!length || size < 1 || size > MAX_VARCHAR)) {
    property.problem('physicalType', {
      rule: 'physical-type', value: JSON.stringify(physical), message: 'physicalType of a string must be varchar(n) or char(n)',
      fix: `write varchar(n) with n from 1 to ${MAX_VARCHAR}, or leave it out`,
    });
    return undefined;
  }
  if (format === 'uuid' || format === 'binary') {
    if (physical !== undefined) {
      property.problem('physicalType', { rule: 'physical-type', value: JSON.stringify(physical), message: `physicalType has no meaning with format ${format}`, fix: 'leave it out' });
    }
    return { type: { kind: format } };
  }
  if (format !== undefined) options?.noteIgnored(options.pathOf('format'));
  if (!length) return { type: { kind: 'string' } };
  return { type: { kind: 'string', length: size }, exactLength: length[1]?.toLowerCase() === 'char' ? size : undefined };
}

function numberType(property: MapReader, options: MapReader | undefined, physical: string | undefined): ParsedType | undefined {
  const format = options?.choice('format', ['f32', 'f64'], 'write f32 or f64, or use logicalType integer for i8 to u64');
  if (physical === undefined) {
    if (format !== undefined) return { type: { kind: 'float', bits: format === 'f32' ? 32 : 64 } };
    if (!options?.has('format')) {
      property.problem('logicalType', {
        rule: 'number-needs-type', value: 'neither', message: 'number needs physicalType decimal(p,s) or format f32 or f64', fix: NUMBER_FIX,
      });
    }
    return undefined;
  }
  const decimal = /^\s*(?:decimal|numeric)\s*\(\s*(\d{1,4})\s*(?:,\s*(\d{1,4})\s*)?\)\s*$/i.exec(physical);
  if (!decimal) {
    property.problem('physicalType', {
      rule: 'physical-type', value: JSON.stringify(physical), message: 'physicalType of a number must be decimal(p,s)', fix: NUMBER_FIX,
    });
    return undefined;
  }
  const precision = Number(decimal[1]);
  const scale = Number(decimal[2] ?? 0);
  if (format !== undefined) {
    property.problem('physicalType', { rule: 'number-needs-type', value: `${physical} and ${format}`, message: 'a number is either a decimal or a float', fix: 'keep physicalType or format' });
    return undefined;
  }
  if (precision < 1 || precision > 38 || scale > precision) {
    property.problem('physicalType', {
      rule: 'decimal-size', value: physical, message: 'a decimal has 1 to 38 digits, of which at most all stand after the point', fix: 'write decimal(p,s) with p from 1 to 38 and s from 0 to p',
    });
    return undefined;
  }
  return { type: { kind: 'decimal', precision, scale } };
}

function integerType(options: MapReader | undefined): ParsedType | undefined {
  const format = options?.text('format');
  // The standard says i32, so a larger value is a reject and not a silent widening.
  const match = /^([iu])(8|16|32|64)$/.exec(format ?? 'i32');
  if (match) {
    const bits = Number(match[2]) as 8 | 16 | 32 | 64;
    return { type: match[1] === 'u' ? { kind: 'integer', bits, unsigned: true } : { kind: 'integer', bits } };
  }
  const wide = format === 'i128' || format === 'u128';
  options?.problem('format', {
    rule: 'integer-format', value: JSON.stringify(format),
    message: wide ? `${format} has up to 39 digits, and no target keeps more than 38` : 'format of an integer must be i8, i16, i32, i64, u8, u16, u32 or u64',
    fix: wide ? 'use logicalType number with physicalType decimal(38,0)' : 'write one of them, or leave it out for i32',
  });
  return undefined;
}

function timestampType(options: MapReader | undefined): ParsedType | undefined {
  const zoned = options?.boolean('timezone') ?? false;
  const parsed = dateType(options, 'timestamp', { kind: 'timestamp', zoned });
  const zone = options?.text('defaultTimezone');
  const format = parsed?.format === undefined ? undefined : parseDateFormat(parsed.format, 'timestamp');
  const offset = format !== undefined && 'tokens' in format ? hasOffset(format.tokens) : zoned;
  if (!zoned && offset) {
    options?.problem('format', {
      rule: 'timestamp-zone', value: JSON.stringify(parsed?.format), message: 'the format has an offset and the column keeps none',
      fix: 'write timezone: true to keep the instant, or leave X out of the format',
    });
  }
  if (!zoned && zone !== undefined) {
    options?.problem('defaultTimezone', { rule: 'timestamp-zone', value: JSON.stringify(zone), message: 'a column without zone keeps the clock time as written', fix: 'leave defaultTimezone out, or write timezone: true' });
  }
  if (zoned && !offset && !isUtc(zone)) {
    options?.problem(zone === undefined ? 'format' : 'defaultTimezone', {
      rule: 'timestamp-zone', value: zone === undefined ? JSON.stringify(parsed?.format) : JSON.stringify(zone),
      message: 'texts without offset are instants only in UTC: in other zones some clock times happen twice and some never',
      fix: 'write defaultTimezone: Etc/UTC if the source writes UTC, or have it write an offset and add X to the format',
    });
  }
  if (zoned && offset && zone !== undefined && !isUtc(zone)) {
    options?.problem('defaultTimezone', { rule: 'timestamp-zone', value: JSON.stringify(zone), message: 'each text carries its own offset', fix: 'leave defaultTimezone out' });
  }
  return parsed;
}

function dateType(options: MapReader | undefined, kind: 'date' | 'time' | 'timestamp', type: ColumnType): ParsedType | undefined {
  if (kind === 'time' && options !== undefined) {
    if (options.boolean('timezone') === true) {
      options.problem('timezone', { rule: 'time-zone', value: 'true', message: 'a time of day with a zone is not supported: without a date the zone has no offset', fix: 'use a timestamp, or write timezone: false' });
    }
    options.refuse('defaultTimezone', 'a time of day has no zone', 'leave it out');
  }
  const format = options?.text('format');
  if (format === undefined) return { type };
  const parsed = parseDateFormat(format, kind);
  if (!('message' in parsed)) return { type, format };
  options?.problem('format', { rule: 'date-format', value: JSON.stringify(format), message: `format: ${parsed.message}`, fix: parsed.fix });
  return { type };
}

function isUtc(zone: string | undefined): boolean {
  return zone !== undefined && /^(Etc\/UTC|UTC|Z|Etc\/GMT|GMT)$/.test(zone);
}
