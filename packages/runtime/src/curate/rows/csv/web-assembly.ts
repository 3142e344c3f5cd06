export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** @param pages of 64 KiB; views of the buffer from before are of no use afterwards */
  grow(pages: number): void;
}

/** What is used of WebAssembly here; the types of Node leave it out. */
interface WebAssemblyParts {
  readonly Memory: new(size: { readonly initial: number }) => WasmMemory;
  readonly Module: new(bytes: Uint8Array) => object;
  readonly Instance: new(module: object, imports: object) => { readonly exports: object };
}

export const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyParts };
