import type { PartCompression } from '../run/manifest';

/**
 * First bytes of what is compressed. None of them begins UTF-8 text that anybody writes: 8b, b5 and fd begin no character, and
 * the rest are control characters.
 */
const SIGNATURES: ReadonlyArray<readonly [PartCompression, readonly number[]]> = [
  ['gzip', [0x1f, 0x8b]],
  // An archive with files, and an empty one. Workbooks (.xlsx) are such archives too.
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
];

/**
 * The compression of a part by its first bytes, whatever its name says.
 *
 * @returns undefined while more bytes may still make it one or the other
 */
export function sniffCompression(head: Uint8Array): PartCompression | undefined {
  let open = false;
  for (const [compression, signature] of SIGNATURES) {
    const length = Math.min(head.length, signature.length);
    if (signature.slice(0, length).some((byte, index) => head[index] !== byte)) continue;
    if (length === signature.length) return compression;
    open = true;
  }
  return open ? undefined : 'none';
}
