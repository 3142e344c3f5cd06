import { WebAssembly, type WasmMemory } from '../web-assembly';
import { SLACK_BYTES } from './cut-words';

const PAGE_BYTES = 64 * 1024;

/** Memory that grows, so that views of it are taken anew. */
export interface Views {
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
}

/** Gives out places of a memory, and room behind them that grows. */
export class CutMemory {
  /** Where places end. Before them the loop says how far it came. */
  end = 16;
  private opened?: { readonly memory: WasmMemory; views: Views };

  /** A place for so many bytes, and for what is read and written too much; only before the memory is used. */
  place(bytes: number): number {
    const at = this.end;
    this.end += Math.ceil((bytes + SLACK_BYTES) / 8) * 8;
    return at;
  }

  get memory(): WasmMemory {
    return this.open.memory;
  }

  get views(): Views {
    return this.open.views;
  }

  /** Makes it at least so long; views from before are of no use afterwards. */
  reserve(bytes: number): void {
    const { open } = this;
    const missing = Math.ceil((bytes - open.memory.buffer.byteLength) / PAGE_BYTES);
    if (missing <= 0) return;
    open.memory.grow(missing);
    open.views = viewsOf(open.memory);
  }

  private get open(): { readonly memory: WasmMemory; views: Views } {
    if (this.opened === undefined) {
      const memory = new WebAssembly.Memory({ initial: Math.ceil(this.end / PAGE_BYTES) });
      this.opened = { memory, views: viewsOf(memory) };
    }
    return this.opened;
  }
}

function viewsOf({ buffer }: WasmMemory): Views {
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}
