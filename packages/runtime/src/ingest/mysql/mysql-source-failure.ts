import { PipelineError, type Facts } from '../../errors/pipeline-error';
import { socketFailure, sourceFailure, type SourceFailureCode } from '../sql/source-failure';

/** By the server's error number, of MySQL 8 and MariaDB. */
const NUMBERS: ReadonlyArray<readonly [readonly number[], SourceFailureCode]> = [
  [[1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 2006, 2013], 'SOURCE_CONNECTION'],
  [[1205, 3572], 'SOURCE_LOCK'],
  // 1412: the table was altered after the snapshot was taken, and a new one sees it.
  [[1040, 1203, 1213, 1226, 1290, 1412, 1021, 1037, 1041], 'SOURCE_BUSY'],
  [[1317, 1969, 3024], 'SOURCE_TIMEOUT'],
  [[1045, 1251, 1275, 1698, 1862, 2059, 3118, 3159, 4151], 'SOURCE_CREDENTIALS'],
  [[1044, 1142, 1143, 1227, 1370], 'SOURCE_PRIVILEGE'],
  [[1049], 'SOURCE_DATABASE'],
  [[1146, 1054, 1109], 'SOURCE_SCHEMA'],
  [[1292, 1264, 1366, 1525, 1690], 'SOURCE_VALUE'],
];

const LOST = new Set(['PROTOCOL_CONNECTION_LOST', 'PROTOCOL_PACKETS_OUT_OF_ORDER', 'PROTOCOL_SEQUENCE_TIMEOUT']);

/** Turns anything that the client threw into a PipelineError. */
export function mysqlSourceFailure(thrown: unknown, doing: string, facts: Facts = {}): PipelineError {
  if (PipelineError.is(thrown)) return thrown;
  const { code, errno, message = String(thrown) } = (thrown ?? {}) as { code?: string; errno?: number; message?: string };
  const known = NUMBERS.find(([numbers]) => errno !== undefined && numbers.includes(errno))?.[1];
  const failure = known ?? socketFailure(code) ?? (code !== undefined && LOST.has(code) || /closed state/.test(message) ? 'SOURCE_CONNECTION' : undefined);
  if (failure !== undefined) return sourceFailure(failure, doing, `${message}${errno === undefined ? '' : ` (error ${errno})`}`, { ...facts, ...(errno === undefined ? {} : { errno }) }, thrown);
  if (errno === undefined || errno < 1_000) return PipelineError.from(thrown, 'SOURCE');
  // Texts in double quotes are a habit of MySQL that the standard knows as names.
  return sourceFailure('SOURCE_QUERY', doing, `${message} (error ${errno}); sql_mode is ANSI_QUOTES, so texts stand in single quotes`, { ...facts, errno }, thrown);
}
