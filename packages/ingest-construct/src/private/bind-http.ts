import { Token } from 'aws-cdk-lib';
import type { HttpPagesSourceProps } from '../http-pages';
import type { HttpRequestProps } from '../http-request-props';
import type { HttpDatesSourceProps, HttpFilesSourceProps, HttpSourceProps } from '../http-source';
import { checkSince } from './check-since';
import { checkWhole, commonSettings, type BoundSource, type SourceBinding } from './source-binding';
import { sourceRules } from './source-rules';
import { sortedNames } from './stage/sorted-names';
import { isTimeZone } from './stage/time-zone';

export function bindHttp(props: HttpSourceProps, binding: SourceBinding): BoundSource {
  checkUrl(binding, 'url', props.url);
  return bound(props, binding, { kind: 'http', url: props.url });
}

export function bindHttpFiles(props: HttpFilesSourceProps, binding: SourceBinding): BoundSource {
  const { urls } = props;
  if (urls.length === 0 || urls.length > 1_000) binding.problems.add(`${binding.prop}.urls must name 1 to 1000 files, got ${urls.length}`);
  urls.forEach((url, index) => {
    checkUrl(binding, `urls[${index}]`, url);
    if (urls.indexOf(url) < index) binding.problems.add(`${binding.prop}.urls[${index}] is ${JSON.stringify(url)} once more; leave it out, or its records count twice`);
  });
  return bound(props, binding, { kind: 'http', urls });
}

export function bindHttpDates(props: HttpDatesSourceProps, binding: SourceBinding): BoundSource {
  const { urlTemplate, step, firstDate, timeZone, availableAfter, lag, missingFile } = props;
  checkUrl(binding, 'urlTemplate', urlTemplate);
  checkWhole(binding.problems, `${binding.prop}.lag`, lag, 0, 10_000);
  if (!Token.isUnresolved(urlTemplate)) for (const problem of sourceRules().checkTemplate(urlTemplate, step)) binding.problems.add(`${binding.prop}.urlTemplate ${problem}`);
  if (timeZone !== undefined && !Token.isUnresolved(timeZone) && !isTimeZone(timeZone)) {
    binding.problems.add(`${binding.prop}.timeZone must be a name of the IANA database like Europe/Berlin, got ${JSON.stringify(timeZone)}`);
  }
  if (lag !== undefined && lag > 0 && binding.dataset?.history === 'append') {
    binding.problems.add(`${binding.prop}.lag needs headraceHistory: changes and a primary key in the contract, since a file that changed lands again as a whole; the dataset has history append. Leave lag out where files never change`);
  }
  const form = { hour: /^\d{4}-\d\d-\d\dT\d\dZ$/, day: /^\d{4}-\d\d-\d\d$/, month: /^\d{4}-\d\d$/ }[step];
  if (!Token.isUnresolved(firstDate) && !form.test(firstDate)) {
    binding.problems.add(`${binding.prop}.firstDate must be written like ${{ hour: '2026-01-31T09Z', day: '2026-01-31', month: '2026-01' }[step]} for the step ${step}, got ${JSON.stringify(firstDate)}`);
  }
  return bound(props, binding, {
    kind: 'http', url: urlTemplate,
    dates: {
      step, from: firstDate, timeZone: timeZone ?? 'UTC', availableAfterSeconds: availableAfter?.toSeconds(), lag: lag ?? 0, missing: missingFile ?? 'fail',
    },
  });
}

export function bindHttpPages(props: HttpPagesSourceProps, binding: SourceBinding): BoundSource {
  const { url, paging, recordsAt, since, emptyPageEnds, maxPages, allowedHosts } = props;
  checkUrl(binding, 'url', url);
  checkWhole(binding.problems, `${binding.prop}.maxPages`, maxPages, 1, 99_999);
  checkSince(props, binding);
  return bound(props, binding, {
    kind: 'httpPages', url, paging: paging._settings, recordsAt, since: since?._settings, emptyPageEnds, maxPages: maxPages ?? 10_000, allowedHosts,
  });
}

/** What every source over HTTP has. */
function bound(props: HttpRequestProps, binding: SourceBinding, own: Record<string, unknown>): BoundSource {
  const { headers, auth, clientCertificate, trustedCertificates, requestsPerMinute, maxSize } = props;
  for (const [name, problem] of sourceRules().checkHeaders(headers ?? {})) binding.problems.add(`${binding.prop}.headers.${name} ${problem}`);
  if (auth !== undefined || clientCertificate !== undefined) checkSecure(binding, own);
  checkWhole(binding.problems, `${binding.prop}.requestsPerMinute`, requestsPerMinute, 1, 60_000);
  const { settings, secrets = [], grantRead } = auth?._bound ?? {};
  return {
    settings: {
      ...own, headers: sortedNames(headers), auth: settings, trusted: trustedCertificates, requestsPerMinute, maxBytes: maxSize?.toBytes(),
      certificate: clientCertificate === undefined ? undefined : { secretArn: clientCertificate.secretArn },
      ...commonSettings(props, binding),
    },
    secrets: [...secrets, ...(clientCertificate === undefined ? [] : [clientCertificate])],
    secretsInTaskOnly: true,
    grantRead,
  };
}

function checkUrl({ prop, problems }: SourceBinding, name: string, url: string): void {
  if (Token.isUnresolved(url) || isHttpUrl(url)) return;
  problems.add(`${prop}.${name} must be an http or https URL without credentials, got ${withoutCredentials(url)}`);
}

/** Credentials that everybody on the way could read. On one machine there is nobody, so tests and tries may. */
function checkSecure({ prop, problems }: SourceBinding, own: Record<string, unknown>): void {
  for (const url of [own.url, ...(own.urls as string[] | undefined ?? [])]) {
    if (typeof url !== 'string' || Token.isUnresolved(url) || !/^http:/i.test(url) || isLoopback(url)) continue;
    problems.add(`${prop} has auth or a certificate, and ${JSON.stringify(url)} would be asked without TLS, so that everybody on the way could read or change what is sent; write https:`);
  }
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?(\/|$)/i.test(url);
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
