/** What becomes of rows whose cursor is NULL: no later run can tell whether they were read. */
export enum CursorNulls {
  /** The run fails when there is one. */
  FAIL = 'fail',

  /** The run that begins without a cursor reads them; later ones do not. */
  FIRST_RUN = 'first-run',

  /** They are never read. */
  SKIP = 'skip',
}
