import { Token } from 'aws-cdk-lib';
import type { HttpSourceProps } from '../http-source';
import { commonSettings, type BoundSource, type SourceBinding } from './source-binding';

export function bindHttp(props: HttpSourceProps, binding: SourceBinding): BoundSource {
  const { url, headers } = props;
  if (!Token.isUnresolved(url) && !isHttpUrl(url)) {
    binding.problems.add(`${binding.prop}.url must be an http or https URL without credentials, got ${withoutCredentials(url)}`);
  }
  return { settings: { kind: 'http', url, headers, ...commonSettings(props, binding) } };
}

function isHttpUrl(text: string): boolean {
  try {
    const url = new URL(text);
    return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
  } catch {
    return false;
  }
}

/** The text as it was given, unless it may hold a password. */
function withoutCredentials(url: string): string {
  return url.includes('@') ? 'one with credentials, or with an @' : JSON.stringify(url);
}
