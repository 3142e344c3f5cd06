import { setMaxListeners } from 'node:events';

/**
 * A stop signal below another one: it fires with its parent, or alone.
 *
 * Unlike `AbortSignal.any` it lets go of the parent when disposed, so that a machine with many thousand states
 * does not collect listeners on the signal of its execution.
 */
export class StopScope {
  private readonly controller = new AbortController();
  private readonly forward = () => this.controller.abort(this.parent?.reason);

  constructor(private readonly parent?: AbortSignal) {
    setMaxListeners(0, this.controller.signal);
    if (parent?.aborted) this.controller.abort(parent.reason);
    else parent?.addEventListener('abort', this.forward);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Fires the signal for this scope only; the first reason wins. */
  stop(reason: unknown): void {
    this.controller.abort(reason);
  }

  /** Detaches from the parent; the signal stays as it is. */
  dispose(): void {
    this.parent?.removeEventListener('abort', this.forward);
  }
}
