/**
 * Every code a record can be rejected with.
 *
 * The key is the code: it stands in quarantine files, counts and reports, so it never changes its meaning.
 */
export const REJECT_CODES = {
  ENCODING: { level: 'record', meaning: 'the bytes are not valid in the encoding of the source, or hold a NUL character', cure: 'declare headraceRecord.encoding as the source writes, or have it write UTF-8' },
  FIELDS: { level: 'record', meaning: 'the record has more or fewer fields than the header or contract says', cure: 'quote fields that hold the delimiter, or mend the record' },
  QUOTE: { level: 'record', meaning: 'a quote stands inside an unquoted field, or text follows a closing quote, or a quote is not closed', cure: 'quote whole fields only, and double quotes inside them' },
  LINE_END: { level: 'record', meaning: 'a carriage return stands inside the record, or the line ends in a way that the contract does not allow', cure: 'quote fields that hold line ends and declare multiline, or declare newline: auto' },
  JSON: { level: 'record', meaning: 'the record is not one JSON object with unique names and the values that its columns have: plain ones, objects or arrays', cure: 'have the source write one object for each record, or declare what is inside of it' },
  XML: { level: 'record', meaning: 'the record has elements, attributes or text that do not fit its columns: unknown ones, one that stands twice, or an element where text is expected', cure: 'have the source write one element or attribute with text for each column, or correct headraceSource.field' },
  CELL: { level: 'record', meaning: 'a cell of a workbook cannot be told exactly: it holds an error such as #N/A, a formula without a stored value, or a number, date or boolean that its column does not take', cure: 'mend the cell, or declare the type or option that the reason names' },
  DOCUMENT: { level: 'record', meaning: 'the part is not one well-formed document of JSON or XML, so none of its records is kept', cure: 'have the source write one whole document, and land it again' },
  RECORD_SIZE: { level: 'record', meaning: 'the record is longer than maxRecordBytes', cure: 'raise headraceRecord.maxRecordBytes, or mend the record' },
  REQUIRED: { level: 'column', meaning: 'a required column is NULL', cure: 'have the source fill it, declare headraceDefault, or drop required' },
  TYPE: { level: 'column', meaning: "the text is no value of the column's type", cure: 'have the source write the form in docs/types.md, or declare a format' },
  RANGE: { level: 'column', meaning: "the value is outside the type's range or the declared bounds", cure: 'declare a wider type or bound, if the value is right' },
  SCALE: { level: 'column', meaning: 'the number has more digits after the point than the column keeps', cure: 'declare a larger scale; values are never rounded' },
  LENGTH: { level: 'column', meaning: 'the text is shorter or longer than declared, or the array has fewer or more elements', cure: 'declare another minLength, maxLength, minItems, maxItems or varchar length, if the value is right' },
  PATTERN: { level: 'column', meaning: 'the text does not match the declared pattern', cure: 'widen the pattern, if the value is right' },
  MULTIPLE: { level: 'column', meaning: 'the number is no multiple of multipleOf', cure: 'declare another multipleOf, if the value is right' },
  PARTITION: { level: 'column', meaning: 'the value of a partition column is empty, which a path cannot tell from NULL', cure: 'have the source write NULL or a value' },
  KEY: { level: 'run', meaning: 'another record of the run has the same primary key', cure: 'declare headraceDedupe, or mend the source' },
  UNIQUE: { level: 'run', meaning: 'another record of the run has the same value in a unique column', cure: 'drop unique, or mend the source' },
  QUALITY: { level: 'run', meaning: 'a quality rule with headraceAction quarantine selects the record', cure: 'see the rule' },
} as const satisfies Record<string, { level: 'record' | 'column' | 'run'; meaning: string; cure: string }>;

export type RejectCode = keyof typeof REJECT_CODES;

/** The codes that {@link columnReject} can give. */
export type ColumnRejectCode = { [C in RejectCode]: (typeof REJECT_CODES)[C]['level'] extends 'column' ? C : never }[RejectCode];
