/** Milliseconds since 1970, as the services of a stack see them. */
export type StackTime = () => number;

/**
 * Time that passes `factor` times faster from now on.
 *
 * Events and queues go by it, so that a window of a minute is still a window when nobody wants to wait for one.
 */
export function stackTime(factor: number): StackTime {
  const began = Date.now();
  return () => began + (Date.now() - began) * factor;
}
