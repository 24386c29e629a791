import type { WorkerState, WorkerStatus, InstanceLimits } from '../../src/serving/execution/backend';
import type { NodeBackend } from '../../src/serving/fleet/worker-node';
import type { UsedGpu } from '../../src/serving/gpu/gpu-reading';
import { FakeBackend } from './fake-backend';
import { until } from './until';

/** What runs models behind a worker's real door, as the test says. */
export class ScriptedBackend extends FakeBackend implements NodeBackend {
  refused: string | null = null;
  /** For how long it is refused still. */
  heldMs: number | undefined = undefined;
  limits: InstanceLimits = new Map();
  isHolding = true;
  state: WorkerState = 'idle';
  cards: readonly UsedGpu[] = [];
  /** How often it was asked for its cards. */
  looks = 0;
  /** How often it was asked how it is: it hears of limits each time. */
  attended = 0;

  /** @param sha256 the model that it holds */
  constructor(private readonly sha256: string) {
    super();
  }

  tellCards(): readonly UsedGpu[] {
    this.looks += 1;
    return this.cards;
  }

  override limit(limits: InstanceLimits = new Map()): void {
    this.limits = limits;
    this.attended += 1;
  }

  override unload(): Promise<void> {
    this.isHolding = false;
    return Promise.resolve();
  }

  override whyNot(): string | null {
    return this.refused;
  }

  heldForMs(): number | undefined {
    return this.heldMs;
  }

  override status(): readonly WorkerStatus[] {
    const worker = { id: 0, pid: null, state: this.state, provider: 'cpu', skippedProviders: [] } as const;
    const models = this.isHolding ? [this.sha256] : [];
    return [{ ...worker, restarts: 0, models, rssBytes: 0, budgetBytes: 2 ** 30 }];
  }

  /** Ends the next run that comes. */
  async finishNext(error?: Error): Promise<void> {
    await until(() => this.runs.length > 0);
    this.runs[0]?.finish(error);
  }
}
