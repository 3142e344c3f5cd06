import type { AgentOptions } from 'node:http';
import type { Socket } from 'node:net';

/** Measured: more saves no more. A connection takes 64 KiB by itself. */
const BYTES = 512 * 1024;

/**
 * Major versions of Node whose HTTP parser copies what it takes from a body, which the tests prove. One that handed on its input instead
 * would have its bytes overwritten by the next ones.
 */
export const COPYING_NODES: readonly number[] = [20, 22, 24];

let options: AgentOptions | undefined;

/**
 * Options of an agent whose connections all receive into one buffer, in place of new memory for each read, which the parser copies anyhow:
 * to touch memory for the first time costs more than to copy it. None where the parser is not known to copy.
 */
export function receiveBuffer(): AgentOptions {
  if (!COPYING_NODES.includes(Number.parseInt(process.versions.node, 10))) return {};
  return options ??= receiveInto(Buffer.allocUnsafeSlow(BYTES));
}

function receiveInto(buffer: Buffer): AgentOptions {
  return {
    onread: {
      buffer,
      // A connection with a buffer tells it instead of its readers, of which the HTTP parser is one; that is done when `emit` returns.
      callback(this: Socket, length: number): boolean {
        this.emit('data', buffer.subarray(0, length));
        return true;
      },
    },
  };
}
