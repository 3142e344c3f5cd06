import type { SecureContextOptions } from 'node:tls';
import { userError } from '../../../errors/pipeline-error';
import type { AuthDeps } from './http-auth';
import type { CertificateSettings } from './auth-settings';
import { fieldsOf, SecretText } from './secret-text';

/** What the client shows of itself in mutual TLS, from a secret. */
export class ClientCertificate {
  private readonly secret: SecretText;

  constructor(private readonly settings: CertificateSettings, private readonly deps: Pick<AuthDeps, 'secret' | 'report'>) {
    this.secret = new SecretText(settings.secretArn, deps);
  }

  async options(signal: AbortSignal): Promise<SecureContextOptions> {
    const { secretArn } = this.settings;
    const text = await this.secret.read(signal);
    const [cert, key] = fieldsOf(text, secretArn, ['certificate', 'privateKey']) as [string, string];
    this.deps.report.protect(key);
    if (!cert.includes('-----BEGIN') || !key.includes('-----BEGIN')) {
      throw userError('SOURCE_SECRET', `certificate and privateKey of the secret ${secretArn} must be PEM, beginning with -----BEGIN; store them so, with their line breaks`, { secretArn });
    }
    const passphrase = (JSON.parse(text) as { passphrase?: unknown }).passphrase;
    if (typeof passphrase === 'string') this.deps.report.protect(passphrase);
    return { cert, key, ...(typeof passphrase === 'string' ? { passphrase } : {}) };
  }

  renew(signal: AbortSignal): Promise<boolean> {
    return this.secret.renew(signal);
  }
}
