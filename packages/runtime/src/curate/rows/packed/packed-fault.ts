/** Why an archive cannot be opened, for people; the archive is at fault. */
export class PackedFault extends Error {
  constructor(readonly reason: string, cause?: unknown, readonly cure = 'fetch it again, or have the source pack it anew') {
    super(reason, { cause });
    this.name = 'PackedFault';
  }
}
