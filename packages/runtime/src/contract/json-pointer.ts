/** `""` is the whole document, `/a/b` the member b of a; `~1` stands for a slash and `~0` for a tilde (RFC 6901). */
export const JSON_POINTER = /^(\/([^~/]|~[01])*)*$/;

/** The pointer to one member, whatever its name. */
export function pointerOf(key: string): string {
  return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** The keys that a pointer names, one after the other. */
export function segmentsOf(pointer: string): string[] {
  return pointer.split('/').slice(1).map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
