import type { Json, JsonObject } from './json';

/**
 * Workflow variables of one scope.
 *
 * A branch or an iteration reads the variables around it and writes only its own.
 */
export class Variables {
  private readonly own = new Map<string, Json>();

  constructor(private readonly outer?: Variables) {}

  get(name: string): Json | undefined {
    return this.own.has(name) ? this.own.get(name) : this.outer?.get(name);
  }

  has(name: string): boolean {
    return this.own.has(name) || this.outer?.has(name) === true;
  }

  assign(values: JsonObject): void {
    for (const [name, value] of Object.entries(values)) this.own.set(name, value);
  }

  /** All that is visible here, inner names first. */
  all(): JsonObject {
    return { ...this.outer?.all(), ...Object.fromEntries(this.own) };
  }
}
