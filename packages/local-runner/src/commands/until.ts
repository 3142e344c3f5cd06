/** The longest delay that a timer of Node takes. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for the signal, or for the end of the time.
 *
 * A timer of its own, because a signal does not keep a process up, and Node 20 may collect what `AbortSignal.any` waits
 * for (nodejs/node#54614): then the process would stay for ever.
 */
export async function until(signal: AbortSignal, milliseconds = LONGEST_TIMER_MS): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
