import { userError } from '../../errors/pipeline-error';
import { redactUrl } from './redact-url';

/** Formats of records that no web page can be. */
const FORMATS: ReadonlySet<string> = new Set(['csv', 'ndjson']);

/** How a page begins, behind a byte order mark, white space, an XML declaration and comments. */
const PAGE = /^\uFEFF?\s*(<\?xml[^>]*>\s*)?(<!--[^]*?-->\s*)*<(!doctype\s+html|html)\b/i;

/** More than this need not be looked at. */
const HEAD_BYTES = 1_024;

/** Whether records of a format are expected, so that a web page in their place is told by its first bytes. */
export function refusesWebPage(format: string): boolean {
  return FORMATS.has(format);
}

/** Refuses a page to sign in, or one that says what went wrong, which many servers send with status 200. */
export function refuseWebPage(url: string, first: Buffer): void {
  if (!PAGE.test(first.toString('utf8', 0, HEAD_BYTES))) return;
  const where = redactUrl(url);
  throw userError(
    'SOURCE_WEB_PAGE', `${where} answered 200 with a web page instead of records, most often one to sign in or one that says what is wrong; open the address, correct it, or give auth. Nothing of it is committed`, { url: where },
  );
}
