import { readFileSync } from 'node:fs';

/**
 * The largest resident set of this process so far, in bytes.
 *
 * Linux's own high-water mark is read where it exists: what getrusage tells is inherited from the parent across exec.
 */
export function peakMemoryBytes(): number {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (match) return Number(match[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
