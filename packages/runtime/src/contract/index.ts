export type {
  Column, ColumnSource, ColumnType, Contract, ContractProblem, Dataset, Dedupe, DerivedColumn, History, Mask, OrderKey, QualityMetric,
  QualityOperator, QualityRule, RecordFormat, Retention, SchemaPolicy, Threshold, TypeKind,
} from './contract';
export { parseContract, requireContract, type ParsedContract } from './parse-contract';
export { ContractError } from './contract-error';
export { formatProblem } from './parse/problems';
export { HEADRACE_PROPERTIES, type CustomPropertyPlace } from './parse/custom-properties';
export { exactGrammar, lexicalGrammar, matchesGrammar, type LexicalColumn } from './lexical-grammar';
export { duckdbCast, withDefault } from './duckdb-cast';
export { duckdbText } from './duckdb-text';
export { columnChecks, columnReject, rejectReason, type ColumnCheck, type RejectExpressions } from './column-reject';
export { columnBounds, type ColumnBound } from './column-bounds';
export { countedBy, duplicateColumns, isOfOneRecord, ruleSubject } from './quality-metrics';
export { REJECT_CODES, type ColumnRejectCode, type RejectCode } from './reject-codes';
export {
  duckdbType, engineTypes, glueType, icebergType, integerRange, mysqlType, parquetType, postgresType, sparkType, typeName, type EngineTypes,
} from './engine-types';
export { quoteIdentifier, quoteLiteral, quoteName } from './quote-identifier';
export { translatePattern, type TranslatedPattern } from './translate-pattern';
export { parseDateFormat, type DateFormat, type DateFormatKind, type DateToken } from './date-format';
export { asRecorded, isHashed, masksOf } from './mask';
export { retainedSince } from './retained-since';
export { partitionPath } from './partition-path';
export { derivedColumns } from './derived-columns';
export { curatedColumns, LINEAGE_COLUMNS, LINEAGE_INGEST_SEQ, LINEAGE_PART, LINEAGE_RECORD } from './curated-columns';
export { diffContracts } from './diff/diff-contracts';
export { CONTRACT_CHANGES, type ChangeRisk, type ContractChange, type ContractChangeKind } from './diff/contract-changes';
export { compareColumns, widens, type ColumnDifference } from './diff/compare-columns';
export {
  ATTEMPT_KEY, glueTables, type CatalogColumn, type CatalogTable, type CatalogView, type GlueTableOptions, type GlueTables,
} from './glue-tables';
export { ICEBERG_CATALOG, icebergTable, icebergTableName, type IcebergTable, type IcebergTableOptions } from './iceberg-table';
export { namedQueries, type NamedQuery, type NamedQueryTables } from './named-queries';
export { QUARANTINE_COLUMNS, rejectsTable, rejectsTableName, type QuarantineColumn } from './rejects-table';
export { currentStateSql, type CurrentStateNames } from './current-state-sql';
export { isBatch, isStanding, PUBLISHED_COLUMNS, publishedDocument, publishedLines, type PublishableCommit, type PublishedLine } from './published-table';
export { postgresDdl, postgresStagingDdl, postgresTargetDdl, SEQ_COLUMN, type PostgresStaging, type PostgresTable } from './postgres-ddl';
export {
  MYSQL_COLLATIONS, mysqlColumnDdl, mysqlColumnType, mysqlStagingDdl, mysqlTargetDdl, quoteMysqlName, quoteMysqlText,
  type MysqlFlavour, type MysqlTable,
} from './mysql-ddl';
export { mysqlProblems } from './mysql-limits';
export { BYTE_ENCODINGS, ENCODINGS, holdsAscii, type Encoding } from './encodings';
export { isLines, isReadable, LANDED_FORMATS, READABLE_FORMATS, READABLE_WITH, type LandedFormat, type ReadableFormat } from './record-formats';
export { columnNames, guessColumns, type ColumnGuess } from './guess-columns';
export { draftContract, draftDatasets, type DraftOptions } from './draft-contract';
export { DMS_CSV, DMS_NULL } from './dms/csv-dialect';
export { DMS_LOAD_COLUMN, dmsColumn, dmsRefusal, type DmsColumn } from './dms/dms-column';
export { DMS_SOURCE_SCHEMA, dmsSourceTable, dmsTableDefinition, dmsTablePath, MAX_DEFINITION_BYTES, type DmsTable, type DmsTableDefinition } from './dms/table-definition';
export { dmsTableMappings, type DmsMapping, type DmsRule } from './dms/table-mappings';
export { dmsTaskSettings, type DmsTaskSettingsOptions } from './dms/task-settings';
