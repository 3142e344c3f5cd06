import type { FileHandle } from 'node:fs/promises';

/** Writes pieces behind what a file has, or throws. */
export async function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let wanted = 0;
  for (const piece of pieces) wanted += piece.length;
  // One call for up to as many pieces as the system takes; a short write is rare and finished piece by piece.
  for (let at = 0; at < pieces.length; at += MAX_PIECES) {
    const some = pieces.length > MAX_PIECES ? [Buffer.concat(pieces.slice(at, at + MAX_PIECES))] : pieces;
    const { bytesWritten } = await file.writev(some);
    wanted -= bytesWritten;
  }
  if (wanted !== 0) throw new Error(`ENOSPC: the temporary disk took ${wanted} bytes too few`);
}

/** IOV_MAX of Linux. */
const MAX_PIECES = 1_024;
