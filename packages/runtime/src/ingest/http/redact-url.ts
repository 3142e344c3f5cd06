// Names of query parameters that carry a secret, among them those of presigned addresses.
const SECRET_NAME = /^(x-amz-|x-goog-)?(signature|credential|security-token)$|token|secret|passw|apikey|api[-_]key|^(key|sig|auth|code)$|authorization/i;

/** A URL fit for logs and manifests: without user, password and fragment, and with secret query values replaced. */
export function redactUrl(text: string): string {
  const url = parseUrl(text);
  if (url === undefined) return 'an unreadable URL';
  url.username = '';
  url.password = '';
  url.hash = '';
  for (const name of new Set(url.searchParams.keys())) {
    if (SECRET_NAME.test(name)) url.searchParams.set(name, '***');
  }
  return url.href;
}

export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
