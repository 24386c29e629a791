import { execFile } from 'node:child_process';
import { GPU_QUERY, readGpus, type GpuDevice } from './gpu-reading';

const PROGRAM = 'nvidia-smi';
/** How long a reading is told again, in ms: the driver's own figures are means of about a second. */
export const FRESH_MS = 2_000;
/** Longest that a reading may take, in ms: without persistence mode the driver wakes up first. */
const READ_LIMIT_MS = 3_000;
/** How long a program that fails or hangs is left alone, in ms. */
export const REST_MS = 60_000;
/** More than any answer has, in bytes. */
const MAX_ANSWER_BYTES = 65_536;

export interface GpuLoadInput {
  /** The whole environment of the program; it is looked for on the `PATH` in it. */
  readonly environment: Readonly<Record<string, string>>;
  /** In ms, never put back. */
  readonly nowMs: () => number;
  /** Longest that a reading may take, in ms. */
  readonly limitMs?: number;
}

/**
 * How busy the graphics cards are. It reads when somebody looks, and not otherwise, one reading for all who look at the
 * time. A machine without the program has no cards; one whose program fails tells of none for a minute.
 */
export class GpuLoad {
  private latest: readonly GpuDevice[] = [];
  /** Until when `latest` is told. */
  private goodUntilMs = -Infinity;
  private reading: Promise<readonly GpuDevice[]> | undefined;
  private readonly stopped = new AbortController();

  constructor(private readonly input: GpuLoadInput) {}

  /** Never rejects; takes as long as a reading may. */
  devices(): Promise<readonly GpuDevice[]> {
    if (this.stopped.signal.aborted || this.input.nowMs() < this.goodUntilMs)
      return Promise.resolve(this.latest);
    return (this.reading ??= this.read().finally(() => (this.reading = undefined)));
  }

  /** Ends a reading under way. Idempotent. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.reading;
  }

  private async read(): Promise<readonly GpuDevice[]> {
    const answer = await this.ask();
    this.latest = answer.kind === 'told' ? readGpus(answer.text) : [];
    const goodMs = { told: FRESH_MS, failed: REST_MS, absent: Infinity }[answer.kind];
    this.goodUntilMs = this.input.nowMs() + goodMs;
    return this.latest;
  }

  private ask(): Promise<Answer> {
    const { environment, limitMs = READ_LIMIT_MS } = this.input;
    const query = [`--query-gpu=${GPU_QUERY.join(',')}`, '--format=csv,noheader,nounits'];
    const options = {
      env: environment,
      timeout: limitMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_ANSWER_BYTES,
      signal: this.stopped.signal,
    } as const;
    return new Promise((resolve) => {
      execFile(PROGRAM, query, options, (error, stdout) => {
        if (!error) return resolve({ kind: 'told', text: stdout });
        resolve({ kind: isAbsent(error) ? 'absent' : 'failed' });
      });
    });
  }
}

type Answer = { readonly kind: 'told'; readonly text: string } | { readonly kind: 'failed' | 'absent' };

/** Nothing of that name may be run here, nor will it later: drivers do not come while a server runs. */
const isAbsent = ({ code }: Omit<Error, 'name'> & { code?: unknown }): boolean =>
  code === 'ENOENT' || code === 'EACCES';
