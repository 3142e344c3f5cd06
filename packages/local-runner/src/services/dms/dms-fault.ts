/** An answer of the API that is an error, by the name of the fault without its ending. */
export class DmsFault extends Error {
  constructor(readonly fault: 'ResourceNotFound' | 'ResourceAlreadyExists' | 'InvalidResourceState' | 'AccessDenied', message: string) {
    super(message);
  }
}
