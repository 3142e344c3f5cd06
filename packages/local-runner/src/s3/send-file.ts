import { closeSync, read } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { ByteRange } from './byte-range';

/** Read size: with the default of 64 KiB of a stream the calls cost more than the copying. */
const READ_BYTES = 256 * 1024;

/** One is read into while the other is sent. */
const BUFFERS = 2;

const readInto = promisify(read);

/**
 * Sends bytes of an open file as the body of an answer, ends the answer and closes the file.
 *
 * A stream makes a buffer for each read, and buffers count as heap: for every 32 MiB sent, V8 looked through all objects of the process,
 * which was two thirds of the work. Two buffers in turns make no garbage.
 */
export async function sendFile(descriptor: number, range: ByteRange, response: ServerResponse): Promise<void> {
  const end = finished(response);
  // Whoever asked may leave at any time; that is thrown below.
  end.catch(() => undefined);
  try {
    const turns = Array.from({ length: BUFFERS }, () => ({ buffer: Buffer.allocUnsafeSlow(READ_BYTES), sent: Promise.resolve() }));
    for (let at = range.start, turn = 0; at <= range.end; turn++) {
      const each = turns[turn % BUFFERS]!;
      // Until then the buffer is the connection's.
      await Promise.race([each.sent, end]);
      const { bytesRead } = await readInto(descriptor, each.buffer, 0, Math.min(READ_BYTES, range.end + 1 - at), at);
      if (bytesRead === 0) throw new Error(`the object's file ends at byte ${at}, before byte ${range.end} of it was sent`);
      at += bytesRead;
      each.sent = new Promise((resolve) => { response.write(each.buffer.subarray(0, bytesRead), () => { resolve(); }); });
    }
    response.end();
    await end;
  } finally {
    closeSync(descriptor);
  }
}
