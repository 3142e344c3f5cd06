import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { generate } from 'selfsigned';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Years that the certificate of a state folder lasts. */
const YEARS = 10;

/**
 * A certificate for 127.0.0.1, made once for each state folder. Children trust it by NODE_EXTRA_CA_CERTS, so that
 * the loader connects with the same full verification as against RDS.
 */
export async function localCertificate(folder: string): Promise<Certificate> {
  const certFile = path.join(folder, 'server.crt');
  const keyFile = path.join(folder, 'server.key');
  if (existsSync(certFile) && existsSync(keyFile)) return { certFile, keyFile };
  mkdirSync(folder, { recursive: true });
  const now = new Date();
  const made = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    keyType: 'ec', curve: 'P-256', algorithm: 'sha256', notBeforeDate: now, notAfterDate: new Date(now.getFullYear() + YEARS, 0, 1),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }, { type: 2, value: 'localhost' }] },
    ],
  });
  writeFileSync(keyFile, made.private, { mode: 0o600 });
  writeFileSync(certFile, made.cert);
  return { certFile, keyFile };
}
