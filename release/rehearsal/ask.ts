type Request = RequestInit & { readonly headers?: Readonly<Record<string, string>> };

/** Asks a registry on this machine, by a connection of its own: one that is kept may be closed by the time at which it is used again. */
export function ask(url: string, { headers, ...init }: Request = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { ...headers, connection: 'close' } });
}
