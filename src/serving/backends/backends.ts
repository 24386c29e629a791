import type { Tensor } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import type {
  Backend,
  Inspection,
  Lane,
  Latency,
  LeasedModel,
  ModelFile,
  RunOptions,
  RunResult,
  WorkerStatus,
  InstanceLimits,
} from '../execution/backend';

/** Has models of which it can say by their SHA-256 alone that they are its own. */
type RemoteBackend = Backend & { knows(sha256: string): boolean };

/** All that execute models, as one: each file goes to the backend of its kind. */
export class Backends implements Backend {
  constructor(
    private readonly local: Backend,
    private readonly remote: RemoteBackend,
  ) {}

  inspect(file: ModelFile): Promise<Inspection> {
    return this.of(file).inspect(file);
  }

  measureLatency(file: ModelFile, samples: number, inputs?: readonly Tensor[]): Promise<Latency> {
    return this.of(file).measureLatency(file, samples, inputs);
  }

  nullable(file: ModelFile, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.of(file).nullable(file, columns);
  }

  load(file: ModelFile, rows?: number): Promise<void> {
    return this.of(file).load(file, rows);
  }

  holds(sha256: string): boolean {
    return this.remote.holds(sha256) || this.local.holds(sha256);
  }

  lease(models: readonly LeasedModel[]): void {
    this.local.lease(models.filter(({ file }) => !file.remote));
    this.remote.lease(models.filter(({ file }) => file.remote));
  }

  limit(limits: InstanceLimits): void {
    this.local.limit(limits);
    this.remote.limit(limits);
  }

  unload(file: ModelFile): Promise<void> {
    return this.of(file).unload(file);
  }

  whyNot(sha256: string): string | null {
    // Whether there are workers is nothing to a model that a remote has.
    return this.remote.knows(sha256) ? this.remote.whyNot(sha256) : this.local.whyNot(sha256);
  }

  run(file: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    return this.of(file).run(file, inputs, options);
  }

  lane(file: ModelFile): Lane {
    return this.of(file).lane(file);
  }

  onIdle(listener: () => void): void {
    this.local.onIdle(listener);
    this.remote.onIdle(listener);
  }

  status(): readonly WorkerStatus[] {
    return [...this.local.status(), ...this.remote.status()];
  }

  private of({ remote }: ModelFile): Backend {
    return remote ? this.remote : this.local;
  }
}
