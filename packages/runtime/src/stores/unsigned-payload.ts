import type { UploadPartCommand } from '@aws-sdk/client-s3';

/**
 * Leaves the body of one part out of the request's signature.
 *
 * The client would hash every part with SHA-256 for the signature, next to the CRC32 that S3 verifies and the digest
 * of the whole file. The CRC32 is a signed header, so a part that is altered on the way is still refused.
 */
export function leavePayloadUnsigned(command: UploadPartCommand): UploadPartCommand {
  command.middlewareStack.add((next) => (call) => {
    const { headers } = call.request as { headers: Record<string, string> };
    headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
    return next(call);
  }, { step: 'build', name: 'headraceUnsignedPayload' });
  return command;
}
