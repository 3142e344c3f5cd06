import { userError, type PipelineError } from '../../../errors/pipeline-error';

/** Why a file is no workbook that can be read, for people; thrown within this folder only. */
export class ExcelFault extends Error {
  constructor(readonly reason: string, readonly cure = 'fetch it again, or have the source write it anew', cause?: unknown) {
    super(reason, { cause });
    this.name = 'ExcelFault';
  }
}

export function excelError(source: string, { reason, cure, cause }: ExcelFault): PipelineError {
  return userError('EXCEL', `${source}: ${reason}; ${cure}`, { source, reason }, cause);
}
