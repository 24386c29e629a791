import type { Tensor } from '../../src/kernel/tensors/tensor';
import type {
  Backend,
  Inspection,
  Lane,
  Latency,
  ModelFile,
  RunOptions,
  RunResult,
  WorkerStatus,
} from '../../src/serving/execution/backend';
import { InvalidInput } from '../../src/serving/execution/invalid-input';

export interface FakeRun {
  readonly file: ModelFile;
  readonly inputs: readonly Tensor[];
  readonly options: RunOptions;
  /** Answers y = 2·x, refuses where a row holds NaN, or fails as told; then the worker is free. */
  finish(error?: Error): void;
}

/** A backend whose runs end when the test says so. Its model doubles numbers, and refuses NaN. */
export class FakeBackend implements Backend {
  readonly runs: FakeRun[] = [];
  /** How long each run says that it waited inside. */
  waitedMs: number | undefined = undefined;
  private readonly listeners: (() => void)[] = [];
  private busy = 0;

  constructor(
    public workers = 1,
    /** What each run says it took. */
    private readonly computeMs = 1,
  ) {}

  run(file: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    this.busy++;
    return new Promise((resolve, reject) => {
      const run: FakeRun = {
        file,
        inputs,
        options,
        finish: (error) => {
          this.runs.splice(this.runs.indexOf(run), 1);
          this.busy--;
          const refused = error ?? refusal(inputs);
          if (refused) reject(refused);
          else resolve({ outputs: inputs.map(doubled), computeMs: this.computeMs, ...waited(this.waitedMs) });
          // After the answer, as a pool does: the listener may start the next run at once.
          for (const listener of this.listeners) listener();
        },
      };
      this.runs.push(run);
    });
  }

  lane(): Lane {
    return this;
  }

  idleCount(): number {
    return this.workers - this.busy;
  }

  onIdle(listener: () => void): void {
    this.listeners.push(listener);
  }

  inspect(): Promise<Inspection> {
    return Promise.reject(new Error('not part of this test'));
  }

  measureLatency(): Promise<Latency> {
    return Promise.reject(new Error('not part of this test'));
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  holds(): boolean {
    return true;
  }

  lease(): void {}

  limit(): void {}

  unload(): Promise<void> {
    return Promise.resolve();
  }

  whyNot(): string | null {
    return null;
  }

  nullable(): Promise<readonly boolean[]> {
    return Promise.reject(new Error('not part of this test'));
  }

  status(): readonly WorkerStatus[] {
    return [];
  }
}

const waited = (waitedMs: number | undefined) => (waitedMs === undefined ? {} : { waitedMs });

function refusal(inputs: readonly Tensor[]): Error | undefined {
  return inputs.some(({ data }) => (data as Float64Array).some(Number.isNaN))
    ? new InvalidInput('NaN')
    : undefined;
}

function doubled(tensor: Tensor): Tensor {
  return { ...tensor, name: 'y', data: (tensor.data as Float64Array).map((value) => value * 2) };
}
