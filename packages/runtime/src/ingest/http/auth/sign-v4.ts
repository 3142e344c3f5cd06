import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SigV4Settings } from './auth-settings';
import type { HttpAuth, Outgoing } from './http-auth';

/** Signs requests with the role of the task. Both libraries are part of the AWS SDK's clients anyway. */
export function awsSigner({ service, region }: SigV4Settings): HttpAuth {
  // S3 signs paths as they are; all other services encode them once more.
  const signer = new SignatureV4({ service, region, credentials: defaultProvider(), sha256: Sha256, uriEscapePath: service !== 's3', applyChecksum: true });
  return {
    async apply({ url, headers }: Outgoing): Promise<Outgoing> {
      const signed = await signer.sign({
        method: 'GET', protocol: url.protocol, hostname: url.hostname, path: url.pathname, query: queryOf(url),
        headers: { host: url.host, ...definedOnly(headers) },
      });
      const { host: _, ...rest } = signed.headers;
      return { url, headers: rest };
    },
    // The provider renews credentials of the role by itself.
    renew: async () => false,
  };
}

function queryOf(url: URL): Record<string, string | string[]> {
  return Object.fromEntries([...new Set(url.searchParams.keys())].map((name) => {
    const values = url.searchParams.getAll(name);
    return [name, values.length === 1 ? (values[0] as string) : values];
  }));
}

function definedOnly(headers: Outgoing['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Node's SHA-256 in the shape that the signer takes. */
class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error('a sum is made once');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, 'utf8');
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}
