import { newId } from '../../kernel/ids';
import type { Logger } from '../../kernel/logger';
import type { Tensor } from '../../kernel/tensors/tensor';
import { tensorBytes } from '../../kernel/tensors/tensor-bytes';
import { Turns } from '../../kernel/turns';
import type { ColumnPlace } from '../../registry/registry';
import { chooseWorker } from './choose-worker';
import type { Discovery } from './discovery';
import { FleetFilling } from './fleet-filling';
import { FleetPlan } from './fleet-plan';
import type { Place } from '../worker/placement';
import type { WorkerCalls, WorkerMethod } from './worker-calls';
import type { Refusal } from './refused-models';
import { WorkerLost } from './worker-failure';
import type { WorkerLink } from './worker-link';
import { WorkerLinks } from './worker-links';
import type { WorkerToken } from './worker-token';
import type { UsedGpu } from '../gpu/gpu-reading';
import { WorkerUnavailable, type UnavailableReason } from '../execution/worker-unavailable';
import { inTurns } from '../worker/in-turns';
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

/** Tries of one run: the first, and one more at another worker. */
const MAX_ATTEMPTS = 2;
/** What one worker refuses and another one may do. A model that ends processes is not among them. */
const ANOTHER_MAY: readonly UnavailableReason[] = ['stopped', 'busy', 'quarantined', 'memory', 'load-failed'];
/** Memory of a worker's process that is not for models, in bytes: the runtime, and what runs need. */
const RUNTIME_BYTES = 128 * 1024 * 1024;
/** Runs that a worker is given beyond those it does at a time: the next one is there when the last one ends. */
const AHEAD = 1;
/** Limits of the trials at a worker, in ms: it has limits of its own, and others may wait before. */
const INSPECT_LIMIT_MS = 180_000;
const MEASURE_LIMIT_MS = 300_000;
export interface FleetOptions {
  readonly discovery: Discovery;
  readonly token: WorkerToken;
  readonly logger: Logger;
}

/** Models on worker processes, here or on other machines. This process only says who runs what. */
export class Fleet implements Backend {
  private readonly links: WorkerLinks;
  private readonly plan: FleetPlan;
  private readonly filling: FleetFilling;
  private readonly everybody: Lane = {
    canStop: true, // it is not tried again then
    idleCount: (sha256) => {
      const open = this.links.open();
      // Where nobody is there to wait for, whoever comes is let through, to be refused at once.
      if (open.length === 0) return this.links.isAnybodyComing() ? 0 : 1;
      const names = sha256 !== undefined && this.plan.isLimited(sha256) ? this.plan.namesFor(sha256) : null;
      let count = 0;
      for (const { name, capacity, inFlight } of open)
        if (names?.includes(name) !== false) count += Math.max(0, capacity + AHEAD - inFlight);
      return count;
    },
  };
  private readonly loading = new Map<string, Promise<void>>();
  private readonly idleListeners: (() => void)[] = [];
  private turn = 0;

  constructor({ discovery, token, logger }: FleetOptions) {
    const needs = {
      ...{ api: newId<'api-process'>(), token },
      leasesOf: (name: string) => this.plan.leasesOf(name),
      limitsOf: (name: string) => this.plan.limitsOf(name),
      changed: () => this.changed(),
      logger,
    };
    this.links = new WorkerLinks(discovery, needs);
    this.plan = new FleetPlan(() => placesOf(this.links.open()));
    this.filling = new FleetFilling({
      ...{ plan: this.plan, logger },
      open: () => this.links.open(),
      isLoading: (sha256) => this.loading.has(sha256),
    });
  }

  /** Resolves when the workers that are there were asked how they are; there may be none yet. */
  start(): Promise<void> {
    return this.links.start();
  }

  stop(): Promise<void> {
    return this.links.stop();
  }

  inspect({ sha256 }: ModelFile): Promise<Inspection> {
    return this.ask('inspect', { sha256 }, INSPECT_LIMIT_MS);
  }

  nullable({ sha256 }: ModelFile, columns: readonly ColumnPlace[]): Promise<readonly boolean[]> {
    return this.ask('nullable', { sha256, columns }, MEASURE_LIMIT_MS);
  }

  measureLatency({ sha256 }: ModelFile, samples: number, inputs: readonly Tensor[] = []): Promise<Latency> {
    const sent = inputs.map(({ name, datatype, shape, data }) => ({
      ...{ name, datatype, shape },
      base64: Buffer.from(tensorBytes(data)).toString('base64'),
    }));
    return this.ask('measureLatency', { sha256, samples, inputs: sent }, MEASURE_LIMIT_MS);
  }

  load(file: ModelFile, rows?: number): Promise<void> {
    const underWay = this.loading.get(file.sha256);
    if (underWay) return underWay;
    const load = this.loadWherePlaced(file, rows).finally(() => this.loading.delete(file.sha256));
    this.loading.set(file.sha256, load);
    return load;
  }

  holds(sha256: string): boolean {
    return this.links.open().some((link) => link.holds(sha256));
  }

  lease(models: readonly LeasedModel[]): void {
    void this.plan.lease(models).then(() => this.filling.look());
  }

  limit(limits: InstanceLimits): void {
    this.plan.limit(limits);
  }

  async unload({ sha256 }: ModelFile): Promise<void> {
    const holders = this.links.open().filter((link) => link.holds(sha256));
    const outcomes = await Promise.allSettled(holders.map((link) => link.unload(sha256)));
    // Who is gone holds nothing.
    for (const outcome of outcomes)
      if (outcome.status === 'rejected' && !(outcome.reason instanceof WorkerLost)) throw outcome.reason;
  }

  whyNot(sha256: string): string | null {
    return this.refusal(sha256)?.message ?? null;
  }

  async run({ sha256 }: ModelFile, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    const deadline = performance.now() + options.timeoutMs;
    const tried: WorkerLink[] = [];
    let terms = options;
    for (let attempt = 1; ; attempt++) {
      const link = this.choose(sha256, tried);
      if (link === undefined) throw this.refusal(sha256) ?? nobody();
      tried.push(link);
      try {
        return await link.run(sha256, inputs, terms);
      } catch (error) {
        const isLast = attempt === MAX_ATTEMPTS || performance.now() >= deadline || options.signal?.aborted;
        if (isLast || !mayAnother(error) || this.choose(sha256, tried) === undefined)
          throw told(error, attempt);
        // What became of it nobody knows: it may be what the worker was lost by.
        if (error instanceof WorkerLost) terms = { ...options, suspect: true };
      } finally {
        this.tellIdle();
      }
    }
  }

  /** One for all models: where there is memory, every worker holds every model. */
  lane(): Lane {
    return this.everybody;
  }

  onIdle(listener: () => void): void {
    this.idleListeners.push(listener);
  }

  status(): readonly WorkerStatus[] {
    return this.links.answering().flatMap((link) => link.shown());
  }

  /** Processes of workers that are still expected and do not answer. */
  lost(): readonly WorkerStatus[] {
    return this.links.lost().flatMap((link) => link.shown());
  }

  /** Why workers are not even expected that somebody may miss, a sentence each. */
  undiscovered(): Promise<readonly string[]> {
    return this.links.undiscovered();
  }

  /** The graphics cards of the machines of all workers that answer. */
  async gpus(): Promise<readonly UsedGpu[]> {
    return (await Promise.all(this.links.answering().map((link) => link.gpus()))).flat();
  }

  /** Why nobody takes a run of the model; undefined where somebody does. */
  private refusal(sha256: string): WorkerUnavailable | undefined {
    const open = this.links.open();
    if (open.length === 0) return nobody();
    const refusals = open.map((link) => link.refuses(sha256)).filter((refusal) => refusal !== undefined);
    if (refusals.length < open.length) return undefined;
    const soonest = refusals.reduce((one, other) => (waitOf(other) < waitOf(one) ? other : one));
    return new WorkerUnavailable('quarantined', soonest.reason, soonest.retryAfterMs);
  }

  private async loadWherePlaced({ sha256 }: ModelFile, rows: number | undefined): Promise<void> {
    const open = this.links.open();
    const names = this.plan.namesFor(sha256);
    const targets = open.filter(({ name }) => names.includes(name));
    if (targets.length === 0) throw nobody();
    // Where endpoints have traffic, half of the workers go on answering.
    const answers = this.plan.leases().some(({ model }) => this.holds(model.file.sha256));
    const turns = new Turns(answers ? Math.max(1, Math.floor(targets.length / 2)) : targets.length);
    const failure = await inTurns(targets, turns, (link) => link.load(sha256, rows));
    if (failure && !this.holds(sha256)) throw told(failure, 1);
  }

  /**
   * One that holds the model, else one that is to hold it, else anybody: who runs it loads it first. One that holds it
   * back until a run is answered is given that run, though it may load nothing before.
   */
  private choose(sha256: string, tried: readonly WorkerLink[]): WorkerLink | undefined {
    const mayRun = (link: WorkerLink) => link.refuses(sha256) === undefined || link.awaitsTrial(sha256);
    const open = this.links.open().filter((link) => !tried.includes(link) && mayRun(link));
    const names = this.plan.namesFor(sha256);
    const isTrialOf = (link: WorkerLink) => link.awaitsTrial(sha256) && names.includes(link.name);
    const holding = open.filter((link) => link.holds(sha256) || isTrialOf(link));
    const placed = holding.length > 0 ? holding : open.filter(({ name }) => names.includes(name));
    const able = placed.length > 0 ? placed : open;
    this.turn = (this.turn + 1) % Math.max(1, able.length);
    return chooseWorker([...able.slice(this.turn), ...able.slice(0, this.turn)]);
  }

  /** What is lost at one worker is asked of the next, once. */
  private async ask<Method extends Exclude<WorkerMethod, 'attend'>>(
    method: Method,
    asked: WorkerCalls[Method]['asked'] & { readonly sha256: string },
    limitMs: number,
  ): Promise<WorkerCalls[Method]['answer']> {
    const tried: WorkerLink[] = [];
    for (;;) {
      const link = this.choose(asked.sha256, tried);
      if (link === undefined) throw nobody();
      tried.push(link);
      try {
        return await link.call(method, asked, limitMs);
      } catch (error) {
        if (tried.length === MAX_ATTEMPTS || !(error instanceof WorkerLost)) throw told(error, tried.length);
      }
    }
  }

  private changed(): void {
    this.plan.decide();
    this.filling.look();
    this.trim();
    this.tellIdle();
  }

  /** A model of few instances goes from workers that are to hold it no more, once those have it that are. */
  private trim(): void {
    for (const sha256 of this.plan.limited()) {
      const names = this.plan.namesFor(sha256);
      const holders = this.links.open().filter((link) => link.holds(sha256));
      const strays = holders.filter(({ name }) => !names.includes(name));
      if (strays.length === holders.length) continue;
      for (const stray of strays) void stray.unload(sha256).catch(() => undefined); // looked at again soon
    }
  }

  private tellIdle(): void {
    for (const listener of this.idleListeners) listener();
  }
}

const NOBODY =
  'No worker is there at the moment. Why, workerLoad { workers { problem } undiscovered } tells.';
const nobody = () => new WorkerUnavailable('crashed', NOBODY);

const waitOf = ({ retryAfterMs = Infinity }: Refusal): number => retryAfterMs;

const mayAnother = (error: unknown): boolean =>
  error instanceof WorkerLost || (error instanceof WorkerUnavailable && ANOTHER_MAY.includes(error.reason));

const told = (error: unknown, attempts: number): unknown =>
  error instanceof WorkerLost
    ? new WorkerUnavailable(
        'crashed',
        attempts === 1 ? error.message : `It was tried ${attempts} times. ${error.message}`,
      )
    : error;

/** What each of its processes may take is what all models together may: each process holds them all. */
function placesOf(links: readonly WorkerLink[]): readonly Place[] {
  return links.flatMap(({ said }) => {
    if (said === null) return [];
    const budgets = said.workers.map(({ budgetBytes }) => budgetBytes);
    return [{ name: said.name, budgetBytes: Math.max(0, Math.min(...budgets) - RUNTIME_BYTES) }];
  });
}
