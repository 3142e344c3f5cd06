import { S3Error } from './s3-error';

type Phase = 'size' | 'data' | 'dataEnd' | 'trailers' | 'done';

/** A chunk header or trailer line longer than this is not one; S3's own chunk header is below 100 bytes. */
const MAX_LINE_BYTES = 8 * 1024;

/** Values of `x-amz-content-sha256` that announce the aws-chunked encoding. */
const STREAMING_KINDS = new Set([
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
  'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER',
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
]);

export function isStreamingPayload(contentSha256: string | undefined): boolean {
  return contentSha256 !== undefined && STREAMING_KINDS.has(contentSha256);
}

/**
 * Takes the aws-chunked framing off a body, whatever the boundaries of the network's chunks. Chunk signatures are
 * skipped, not checked. Data is handed out as views of the input, never copied.
 */
export class AwsChunkedDecoder {
  readonly trailers: Record<string, string> = {};
  private phase: Phase = 'size';
  private left = 0;
  private line: Buffer = Buffer.alloc(0);

  /** Decodes what has arrived; throws IncompleteBody or InvalidRequest when the framing is broken. */
  *push(input: Buffer): Generator<Buffer> {
    let rest = input;
    while (rest.length > 0) {
      if (this.phase === 'done') throw broken('data after the last chunk');
      if (this.phase === 'data') {
        const data = rest.subarray(0, this.left);
        rest = rest.subarray(data.length);
        this.left -= data.length;
        if (this.left === 0) this.phase = 'dataEnd';
        yield data;
      } else {
        rest = this.takeLine(rest);
      }
    }
  }

  /** To be called when the body ended. */
  end(): void {
    // Some clients leave out the empty line that closes the trailers.
    const closed = this.phase === 'done' || (this.phase === 'trailers' && this.line.length === 0);
    if (!closed) {
      throw new S3Error(400, 'IncompleteBody', 'The request body terminated unexpectedly');
    }
  }

  private takeLine(rest: Buffer): Buffer {
    const newline = rest.indexOf(10);
    const piece = newline < 0 ? rest : rest.subarray(0, newline + 1);
    this.line = this.line.length === 0 ? piece : Buffer.concat([this.line, piece]);
    if (this.line.length > MAX_LINE_BYTES) throw broken('a line of the chunk framing is too long');
    if (newline >= 0) {
      const text = this.line.toString('latin1');
      if (!text.endsWith('\r\n')) throw broken('a line of the chunk framing does not end in CR LF');
      this.line = Buffer.alloc(0);
      this.onLine(text.slice(0, -2));
    } else {
      // The view belongs to the network's buffer; a kept one must be our own.
      this.line = Buffer.from(this.line);
    }
    return rest.subarray(piece.length);
  }

  private onLine(text: string): void {
    if (this.phase === 'dataEnd') {
      if (text !== '') throw broken('a chunk is longer than its header says');
      this.phase = 'size';
    } else if (this.phase === 'size') {
      const size = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(text);
      if (!size) throw broken('a chunk header is not a hexadecimal size');
      this.left = parseInt(size[1]!, 16);
      this.phase = this.left === 0 ? 'trailers' : 'data';
    } else if (text === '') {
      this.phase = 'done';
    } else {
      const colon = text.indexOf(':');
      if (colon < 0) throw broken('a trailer has no colon');
      this.trailers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
    }
  }
}

function broken(what: string): S3Error {
  return new S3Error(400, 'InvalidRequest', `The aws-chunked body is broken: ${what}.`);
}
