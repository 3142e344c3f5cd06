const ISO = /^(?:(\d{4})-(\d\d)-(\d\d))?[T ]?(?:(\d\d:\d\d:\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/**
 * A key that sorts ISO dates, times and timestamps of one kind as time does; undefined for days that do not exist.
 *
 * Texts with an offset are brought to UTC first.
 */
export function isoOrder(text: string): string | undefined {
  const match = ISO.exec(text);
  if (!match) return undefined;
  const [, year, month, day, clock = '00:00:00', fraction = '', offset] = match;
  const digits = fraction.padEnd(12, '0').slice(0, 12);
  if (year === undefined) return `${clock}.${digits}`;
  const date = `${year}-${month}-${day}`;
  // The Date of JavaScript moves February 30 on to March; the way back shows it.
  const start = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(start.getTime()) || start.toISOString().slice(0, 10) !== date) return undefined;
  const instant = new Date(`${date}T${clock}Z`).getTime() - offsetMinutes(offset) * 60_000;
  return `${String(instant + 1e15).padStart(17, '0')}.${digits}`;
}

function offsetMinutes(offset: string | undefined): number {
  if (offset === undefined || offset === 'Z') return 0;
  const digits = offset.replace(/\D/g, '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return offset.startsWith('-') ? -minutes : minutes;
}
