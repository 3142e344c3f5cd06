type Headers = Readonly<Record<string, string | undefined>>;

/** Who signed a request, and for which service: from its header, or from the query of a presigned URL. */
export interface RequestCredential { readonly accessKeyId: string; readonly region: string; readonly service: string }

/** Reads the credential's scope. The signature itself is not checked: whoever reaches loopback is on this machine. */
export function readCredential(headers: Headers, query: URLSearchParams): RequestCredential | undefined {
  const header = /Credential=([^,\s]+)/.exec(headers.authorization ?? '')?.[1];
  const scope = (header ?? query.get('X-Amz-Credential') ?? '').split('/');
  if (scope.length < 5) return undefined;
  const [service, region] = [scope.at(-2)!, scope.at(-3)!];
  return { accessKeyId: scope.slice(0, -4).join('/'), region, service };
}

/** Milliseconds since 1970 at which a presigned URL ends; `undefined` for other requests. */
export function presignedUntil(query: URLSearchParams): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(query.get('X-Amz-Date') ?? '');
  const seconds = query.get('X-Amz-Expires');
  if (!match || seconds === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second) + Number(seconds) * 1000;
}
