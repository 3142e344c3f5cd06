import { createHash } from 'node:crypto';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Gives each role an access key of its own, by which the local endpoints know who asks. */
export class Principals {
  private readonly roles = new Map<string, string>();

  public constructor(roleArns: readonly string[]) {
    for (const arn of roleArns) this.roles.set(keyFor(arn).accessKeyId, arn);
  }

  /** The key of a role; a process without a role gets a key that is denied everything. */
  public keyOf(roleArn: string | undefined): AccessKey {
    return keyFor(roleArn ?? 'no-role');
  }

  public roleOf(accessKeyId: string): string | undefined {
    return this.roles.get(accessKeyId);
  }
}

// Derived, not random: a child that survives a restart of the runner still has the key of its role.
function keyFor(roleArn: string): AccessKey {
  const hash = createHash('sha256').update(roleArn).digest('hex').toUpperCase();
  return { accessKeyId: `AKIALOCAL${hash.slice(0, 11)}`, secretAccessKey: hash.slice(11, 51) };
}
