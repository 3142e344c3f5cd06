import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Bytes of one page; every platform whose /proc we read uses 4 KiB for these figures (x86-64) or tells so in VmRSS. */
const KIB = 1024;

/** Resident memory of a process and all below it, in bytes; 0 when it is gone. */
export function treeMemory(pid: number): number {
  return process.platform === 'linux' ? linuxTree(pid) : psGroup(pid);
}

function linuxTree(pid: number): number {
  let bytes = 0;
  for (const each of [pid, ...linuxDescendants(pid)]) bytes += linuxResident(each);
  return bytes;
}

function linuxResident(pid: number): number {
  const text = read(`/proc/${pid}/status`);
  const match = /^VmRSS:\s+(\d+) kB/m.exec(text);
  return match ? Number(match[1]) * KIB : 0;
}

/** The kernel's own high-water mark of one process: it sees the peaks between two samples. */
export function peakMemory(pid: number): number {
  if (process.platform !== 'linux') return 0;
  const match = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`));
  return match ? Number(match[1]) * KIB : 0;
}

function linuxDescendants(pid: number): number[] {
  // The kernel lists children by the thread that started them; a Java or Python program rarely uses its first.
  const children = threads(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number));
  return children.flatMap((child) => [child, ...linuxDescendants(child)]);
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

// Children are started as leaders of a process group of their own, so the group is the tree.
function psGroup(pgid: number): number {
  try {
    return execFileSync('ps', ['-o', 'rss=', '-g', String(pgid)], { encoding: 'utf8' })
      .split('\n').reduce((sum, line) => sum + Number(line.trim()), 0) * KIB;
  } catch {
    return 0;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
