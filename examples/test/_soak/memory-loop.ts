import { mkdtempSync, chmodSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { ReferencePipeline } from '../../reference-pipeline/reference-pipeline';
import { RowStream } from './row-stream';
import type { Stage } from './soak-bench';

const MIB = 1024 * 1024;
const GB = 1_000_000_000;
/** Samples in the report of each curve. */
const POINTS = 8;
/** The larger run may take this much more than the smaller one: an allocator's whim, and no growth with the data. */
export const FLAT_WITHIN_MIB = 64;

/** Resident memory of one child over its time, in bytes; one sample each second. */
export interface MemoryCurve {
  readonly stage: Stage;
  readonly state: string;
  readonly samples: readonly number[];
  /** The kernel's own high-water mark: it sees what lies between samples. */
  readonly peakBytes: number;
}

export interface MemoryRun {
  readonly bytes: number;
  readonly rows: number;
  readonly seconds: number;
  readonly curves: readonly MemoryCurve[];
}

/** The reference pipeline with a source of one size, under the caps of its size DEV: 512 MiB for ingest, 4 GiB for curate, 2 GiB for load. */
export class MemoryBench {
  static async start(): Promise<MemoryBench> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-soak-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    const source = await RowStream.start();
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new ReferencePipeline(app, 'Flights', { sourceUrl: source.url });
    app.synth();
    return new MemoryBench(folder, source);
  }

  private runs = 0;

  private constructor(private readonly folder: string, private readonly source: RowStream) {}

  /** Gigabytes that are free where the data goes. */
  get freeGigabytes(): number {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize / GB;
  }

  /** One slot through the given stages, on a stack of its own. */
  async run(gigabytes: number, stages: readonly Stage[]): Promise<MemoryRun> {
    this.source.resize(gigabytes * GB);
    this.runs += 1;
    const stateDir = path.join(this.folder, `state-${this.runs}`);
    const sampler = new Sampler();
    const notices: string[] = [];
    const stack = await LocalStack.start({
      assemblyDir: path.join(this.folder, 'cdk.out'), stateDir, concurrency: 1,
      onEvent: (event) => {
        if (event.kind === 'child-started') sampler.begin(event.pid, stageOf(event.machine), event.state);
        if (event.kind === 'child-ended') sampler.end(event.pid, event.peakRssBytes);
        if (event.kind === 'notice') notices.push(event.message);
      },
    });
    const began = Date.now();
    try {
      for (const stage of stages) {
        const machine = stack.machines.find(({ path: each }) => each.endsWith(`${stage}/${stage}`));
        const { status, error, cause } = await stack.start({ machineArn: machine?.arn ?? '', name: `flights-m${this.runs}-a1`, input: { slot: `m${this.runs}`, ...(machine?.stage === 'load' ? { operation: 'now' } : {}) } });
        if (status !== 'SUCCEEDED') throw new Error(`${stage} of ${gigabytes} GB ended as ${status}: ${error}: ${cause}; ${notices.join('; ')}`);
      }
    } finally {
      sampler.close();
      await stack.close();
      rmSync(stateDir, { recursive: true, force: true });
    }
    return { bytes: this.source.bytes, rows: this.source.rows, seconds: (Date.now() - began) / 1000, curves: sampler.curves };
  }

  async close(): Promise<void> {
    await this.source.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function stageOf(machinePath: string): Stage {
  return /(Ingest|Curate|Load)$/.exec(machinePath)?.[0] as Stage;
}

/** Samples every child once a second; of the children of one state the one with the most memory is kept. */
class Sampler {
  private readonly open = new Map<number, { stage: Stage; state: string; samples: number[] }>();
  private readonly highest = new Map<string, MemoryCurve>();
  private readonly timer = setInterval(() => {
    for (const [pid, { samples }] of this.open) samples.push(residentBytes(pid));
  }, 1_000);

  get curves(): MemoryCurve[] {
    return [...this.highest.values()];
  }

  begin(pid: number, stage: Stage, state: string): void {
    this.open.set(pid, { stage, state, samples: [] });
  }

  end(pid: number, peakBytes: number): void {
    const curve = this.open.get(pid);
    this.open.delete(pid);
    if (curve === undefined) return;
    const key = `${curve.stage} ${curve.state}`;
    if ((this.highest.get(key)?.peakBytes ?? -1) < peakBytes) this.highest.set(key, { ...curve, peakBytes });
  }

  close(): void {
    clearInterval(this.timer);
  }
}

function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

export function mebibytes(bytes: number): string {
  return (bytes / MIB).toFixed(0);
}

/** A curve at evenly spaced moments, from its first sample to its last. */
export function curvePoints({ samples }: MemoryCurve): string {
  if (samples.length <= POINTS) return samples.map(mebibytes).join(' ');
  return Array.from({ length: POINTS }, (_, i) => mebibytes(samples[Math.round(i * (samples.length - 1) / (POINTS - 1))] as number)).join(' ');
}

/** Table of two runs: each state's peak in both, and the curve of the larger. */
export function memoryTable(small: MemoryRun, large: MemoryRun): string[][] {
  const size = ({ bytes, rows, seconds }: MemoryRun) => `${(bytes / GB).toFixed(2)} GB, ${rows} rows, ${seconds.toFixed(0)} s`;
  return [
    ['stage', 'state', `peak MiB at ${size(small)}`, `peak MiB at ${size(large)}`, 'resident MiB over the time of the larger'],
    ...large.curves.map((curve) => {
      const other = small.curves.find(({ stage, state }) => stage === curve.stage && state === curve.state);
      return [curve.stage, curve.state, mebibytes(other?.peakBytes ?? 0), mebibytes(curve.peakBytes), curvePoints(curve)];
    }),
  ];
}

/** States whose memory grows with the data. */
export function growing(small: MemoryRun, large: MemoryRun): string[] {
  return large.curves.flatMap(({ stage, state, peakBytes }) => {
    const other = small.curves.find((each) => each.stage === stage && each.state === state);
    const more = (peakBytes - (other?.peakBytes ?? 0)) / MIB;
    return more > FLAT_WITHIN_MIB ? [`${stage} ${state} takes ${more.toFixed(0)} MiB more for ${(large.bytes / small.bytes).toFixed(0)} times the data`] : [];
  });
}
