import { parseDateFormat, type DateFormatKind } from '../../src/contract';

describe('parseDateFormat', () => {
  test.each<[string, DateFormatKind, string[]]>([
    ['yyyy-MM-dd', 'date', ['year', '-', 'month', '-', 'day']],
    ['ddMMyyyy', 'date', ['day', 'month', 'year']],
    ['yyyy-MM-ddTHH:mm:ss', 'timestamp', ['year', '-', 'month', '-', 'day', 'T', 'hour', ':', 'minute', ':', 'second']],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSX", 'timestamp', ['year', '-', 'month', '-', 'day', 'T', 'hour', ':', 'minute', ':', 'second', '.', 'fraction', 'offset']],
    ["HH 'o''clock' mm", 'time', ['hour', " o'clock ", 'minute']],
    ["''yyyy''MM''dd", 'date', ["'", 'year', "'", 'month', "'", 'day']],
    ['yyyy年MM月dd', 'date', ['year', '年', 'month', '月', 'day']],
  ])('reads %s', (format, kind, tokens) => {
    const parsed = parseDateFormat(format, kind);
    if ('message' in parsed) throw new Error(parsed.message);
    expect(parsed.tokens.map((token) => (token.kind === 'literal' ? token.text : token.kind))).toEqual(tokens);
  });

  test.each<[string, DateFormatKind, string, string]>([
    ['YYYY-MM-dd', 'date', 'YYYY is the year of the week, which differs from the calendar year around New Year', 'write yyyy'],
    ['yyyy-MM-DD', 'date', 'DD is the day of the year', 'write dd for the day of the month'],
    ['yy-MM-dd', 'date', 'yy leaves the century open', 'write yyyy, and have the source write four digits'],
    ['uuuu-MM-dd', 'date', 'uuuu is a year of another token list', 'write yyyy'],
    ['d.MM.yyyy', 'date', 'd reads one or two digits, so that texts cannot be split without guessing', 'double the letter, and have the source write two digits'],
    ['dd-MMM-yyyy', 'date', 'MMM reads names, which depend on a language', 'have the source write numbers, and use MM and dd'],
    ['EEE dd MM yyyy', 'date', 'EEE reads names, which depend on a language', 'have the source write numbers, and use MM and dd'],
    ['yyyy-MM-dd hh:mm', 'timestamp', 'hh belongs to the 12-hour clock or to hours 1 to 24', 'have the source write hours 00 to 23, and use HH'],
    ['yyyy-MM-dd HH:mm a', 'timestamp', 'a belongs to the 12-hour clock or to hours 1 to 24', 'have the source write hours 00 to 23, and use HH'],
    ['yyyy-MM-ddTHH:mm:ssZ', 'timestamp', 'Z is an offset in one token list and a plain letter in another', "write X for an offset (Z, +02:00, +0200 or +02), or 'Z' in quotes for the letter"],
    ['yyyy-MM-dd HH:mmXX', 'timestamp', 'XX is not one of the offsets of this list', 'write X (Z, +02:00, +0200 or +02) or XXX (Z or +02:00)'],
    ['yyyy-MM-dd HH:mm VV', 'timestamp', 'VV reads a zone name, whose meaning changes with laws', 'have the source write an offset, and use X'],
    ['yyyy-MM-dd HH:mm:ss.SSSSSSSSS', 'timestamp', 'SSSSSSSSS is finer than a microsecond, which no target keeps', 'write at most SSSSSS'],
    ['yyyy-MM-dd QQ', 'date', 'QQ is not a token of date formats', "use yyyy MM dd HH mm ss S to SSSSSS X XXX, text in 'quotes' and punctuation"],
    ["yyyy-MM-dd 'x", 'date', 'a quote is not closed', "close it, or write '' for the character itself"],
    ['yyyy-MM-dd[ HH]', 'date', '[ has no meaning in a format', "put it in quotes: '['"],
    ['yyyy-MM', 'date', 'a date needs day', 'write it like yyyy-MM-dd'],
    ['HH:mm', 'timestamp', 'a timestamp needs year, month, day', 'write it like yyyy-MM-dd HH:mm:ss'],
    ['yyyy-MM-dd HH:mm', 'date', 'a date has no hour, minute', 'use logicalType timestamp, or leave the clock out'],
    ['HH:mm dd', 'time', 'a time has no day', 'leave it out'],
    ['HH:mm.SSS', 'time', 'a fraction needs seconds before it', 'write ss.SSS'],
    ['yyyy-MM-dd yyyy', 'date', 'the year appears twice', 'keep one'],
    ['', 'date', 'a date needs year, month, day', 'write it like yyyy-MM-dd'],
  ])('refuses %s for a %s and names the cure', (format, kind, message, fix) => {
    expect(parseDateFormat(format, kind)).toEqual({ message, fix });
  });
});
