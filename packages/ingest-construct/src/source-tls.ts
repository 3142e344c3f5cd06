/** How tasks check that they talk to the database. */
export enum SourceTls {
  /** The server's certificate must be valid, and made for its host name. */
  VERIFY_FULL = 'verify-full',

  /** No TLS: only for a server on the same machine. */
  DISABLE = 'disable',
}
