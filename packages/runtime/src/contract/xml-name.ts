const NAME_START = ':A-Z_a-z\\xC0-\\xD6\\xD8-\\xF6\\xF8-\\u02FF\\u0370-\\u037D\\u037F-\\u1FFF\\u200C\\u200D\\u2070-\\u218F\\u2C00-\\u2FEF\\u3001-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFFD\\u{10000}-\\u{EFFFF}';
const NAME_REST = `${NAME_START}.0-9\\xB7\\u0300-\\u036F\\u203F\\u2040-`;
const NAME = `[${NAME_START}][${NAME_REST}]*`;

/** A name of XML 1.0, fifth edition. A prefix is part of it, as it is written. */
export const XML_NAME = new RegExp(`^${NAME}$`, 'u');

/** Names of elements from the root to the records: `/rows/row`. */
export const XML_PATH = new RegExp(`^(?:/${NAME})+$`, 'u');

/** What a column reads of a record: `.` its text, `name` or `a/b` an element in it, `@name` or `a/@name` an attribute. */
export const XML_FIELD = new RegExp(`^(?:\\.|${NAME}(?:/${NAME})*|(?:${NAME}/)*@${NAME})$`, 'u');
