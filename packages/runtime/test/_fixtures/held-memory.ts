import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of buffers that somebody holds: they are freed beside the collector that found them, and the next one waits for that. */
export function heldBytes(): number {
  collect();
  collect();
  return process.memoryUsage().external;
}
