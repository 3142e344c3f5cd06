import { Token } from 'aws-cdk-lib';
import type { HttpSourceProps } from './http-source';
import type { Problems } from './private/stage/fail';

/** Where the bytes of a dataset come from. What they are stands in the data contract. */
export class IngestSource {
  /** A file or endpoint behind HTTP. It is not fetched again while its ETag or Last-Modified is that of the last commit. */
  static http(props: HttpSourceProps): IngestSource {
    return new IngestSource(props);
  }

  private constructor(private readonly source: HttpSourceProps) {}

  /**
   * The source as the run time reads it.
   *
   * @internal
   */
  _settings(dataset: string, problems: Problems): Record<string, unknown> {
    const { url, headers, timeout, retries, minRows } = this.source;
    const prop = `sources.${dataset}`;
    if (!Token.isUnresolved(url) && !isHttpUrl(url)) {
      problems.add(`${prop}.url must be an http or https URL without credentials, got ${withoutCredentials(url)}`);
    }
    whole(problems, `${prop}.retries`, retries, 0, 20);
    whole(problems, `${prop}.minRows`, minRows, 0, Number.MAX_SAFE_INTEGER);
    whole(problems, `${prop}.timeout in seconds`, timeout?.toSeconds(), 1, 86_400);
    return { kind: 'http', url, headers, timeoutSeconds: timeout?.toSeconds() ?? 3600, retries: retries ?? 4, minRows: minRows ?? 0 };
  }
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

function whole(problems: Problems, prop: string, value: number | undefined, from: number, to: number): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < from || value > to) {
    problems.add(`${prop} must be a whole number from ${from} to ${to}, got ${value}`);
  }
}
