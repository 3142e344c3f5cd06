import type { SourceHead } from '../source/shard-reader';
import type { Headers } from './http-request';
import { nextLink } from './pages/link-header';

/** Reads the head of a complete (200) answer. */
export function readHead(headers: Headers): SourceHead {
  const sha256 = digestOf(headers['repr-digest'] ?? headers['content-digest'] ?? headers.digest);
  const follow = nextLink(headers.link);
  return {
    identity: {
      ...(headers.etag === undefined ? {} : { etag: headers.etag }),
      ...(headers['last-modified'] === undefined ? {} : { lastModified: headers['last-modified'] }),
      ...(sha256 === undefined ? {} : { sha256 }),
    },
    ...(lengthOf(headers) === undefined ? {} : { bytes: lengthOf(headers) }),
    ...(headers['content-type'] === undefined ? {} : { contentType: headers['content-type'] }),
    ...(follow === undefined ? {} : { follow }),
    endMarked: lengthOf(headers) !== undefined || /\bchunked\b/i.test(headers['transfer-encoding'] ?? ''),
  };
}

/** A validator that stands for the same bytes, and may therefore join two answers. Weak ones do not. */
export function strongEtag(etag: string | undefined): string | undefined {
  return etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined;
}

/** A Content-Range header of a satisfied range; `total` is undefined for `*`. */
export function parseContentRange(value: string | undefined): { start: number; end: number; total?: number } | undefined {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(value?.trim() ?? '');
  if (match === null) return undefined;
  return { start: Number(match[1]), end: Number(match[2]), ...(match[3] === '*' ? {} : { total: Number(match[3]) }) };
}

function lengthOf(headers: Headers): number | undefined {
  // With a transfer coding the length, if any, is not that of the file.
  if (headers['transfer-encoding'] !== undefined) return undefined;
  const text = headers['content-length'];
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The SHA-256 of the answer in hex, from RFC 9530 (`sha-256=:…:`) or the older Digest header (`SHA-256=…`). */
function digestOf(value: string | undefined): string | undefined {
  const match = /(?:^|[,\s])sha-256=:?([A-Za-z0-9+/]{43}=):?(?:$|[,;\s])/i.exec(value ?? '');
  return match === null ? undefined : Buffer.from(match[1] as string, 'base64').toString('hex');
}
