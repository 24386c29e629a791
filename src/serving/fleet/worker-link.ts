import type { Logger } from '../../kernel/logger';
import { Periodic } from '../../kernel/periodic';
import type { Tensor } from '../../kernel/tensors/tensor';
import {
  ON_WORKERS,
  type RanOn,
  type RunOptions,
  type RunResult,
  type WorkerStatus,
} from '../execution/backend';
import { NodeWorkers } from './node-workers';
import type { UsedGpu } from '../gpu/gpu-reading';
import { fadedLatency, learnLatency, type Candidate } from './choose-worker';
import { RefusedModels, type Refusal } from './refused-models';
import type {
  ApiProcessId,
  Attendance,
  InstanceLimit,
  LeasedName,
  WorkerCalls,
  WorkerMethod,
  WorkerNodeId,
} from './worker-calls';
import { silentBecause, type Silence } from './silence';
import { WorkerClient } from './worker-client';
import { WorkerLost } from './worker-failure';
import type { WorkerToken } from './worker-token';

/** Pause between asking a worker how it is and asking again, in ms: how long news of it may be old. */
const ATTEND_EVERY_MS = 500;
/** Longest that a healthy worker takes to say how it is, in ms, on a machine that has much else to do. */
const ATTEND_WITHIN_MS = 1_500;
/** Longest that a worker may take to tell of its cards, in ms: a reading, and the way. */
const GPUS_WITHIN_MS = 4_000;
/** Answers in a row that may be missing: one may have waited behind a pause of the machine. */
const MAX_MISSED = 2;

export interface LinkNeeds {
  readonly api: ApiProcessId;
  readonly token: WorkerToken;
  /** What this process wants the worker of that name to hold. */
  readonly leasesOf: (name: string) => readonly LeasedName[];
  /** And how many of its processes may hold a model that all may not. */
  readonly limitsOf: (name: string) => readonly InstanceLimit[];
  /** Gives each worker that was found a number that no other one has. */
  readonly nextNumber: () => number;
  /** It has come, gone, or said something new. */
  readonly changed: () => void;
  readonly logger: Logger;
}

/** The way from this process to one worker process, and what is known of it. */
export class WorkerLink implements Candidate {
  inFlight = 0;
  latencyMs = 0;
  /** Null while it answers, and before it was asked. */
  private silence: Silence | null = null;
  private isSilenceLogged = false;
  private client: WorkerClient;
  /** Who it was when it last said how it is; null before that. */
  private lastId: WorkerNodeId | null = null;
  private readonly seen: NodeWorkers;
  private attendance: Attendance | null = null;
  /** What was loaded since it was last attended. */
  private readonly loaded = new Set<string>();
  private readonly refused = new RefusedModels();
  private missed = 0;
  private hasRun = false;
  private isStopped = false;
  private upCount = 0;
  /** What its answers run on: all processes of a worker use one provider. */
  private ranOn: RanOn = { backend: ON_WORKERS, provider: null };
  private readonly passes = new Periodic(() => this.attend(), ATTEND_EVERY_MS);

  /** @param address `host:port` */
  constructor(
    readonly address: string,
    private readonly needs: LinkNeeds,
  ) {
    this.client = new WorkerClient(address, needs.token);
    this.seen = new NodeWorkers(address, needs.nextNumber);
  }

  /** Resolves when it was asked once how it is. */
  async start(): Promise<void> {
    await this.attend();
    this.passes.start();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.client.close();
    await this.passes.stop();
  }

  /** What it said last; null where it does not answer. */
  get said(): Attendance | null {
    return this.attendance;
  }

  get nodeId(): WorkerNodeId | null {
    return this.lastId;
  }

  /** Its processes, for people: down while it does not answer. */
  shown(): readonly WorkerStatus[] {
    return this.attendance === null ? this.seen.lost(this.silence) : this.seen.present();
  }

  /** The cards of its machine; none where it does not tell, as one of an earlier release. */
  async gpus(): Promise<readonly UsedGpu[]> {
    const cards = await this.call('gpus', {}, GPUS_WITHIN_MS).catch(() => []);
    return this.seen.withNumbers(cards);
  }

  /** Whether it takes runs. */
  get isOpen(): boolean {
    return this.attendance !== null && !this.attendance.isDraining && this.capacity > 0;
  }

  get name(): string {
    return this.attendance?.name ?? this.address;
  }

  /** Its processes that are up. */
  get capacity(): number {
    return this.upCount;
  }

  holds(sha256: string): boolean {
    return this.loaded.has(sha256) || this.workers.some(({ models }) => models.includes(sha256));
  }

  /** Why it would refuse to run the model, as it said last; undefined where it would not. */
  refuses(sha256: string): Refusal | undefined {
    return this.attendance === null ? undefined : this.refused.of(sha256);
  }

  /** Whether one run may go there, though it refuses the model, to try whether that answers again. */
  awaitsTrial(sha256: string): boolean {
    return this.attendance !== null && this.refused.awaitsTrial(sha256);
  }

  async run(sha256: string, inputs: readonly Tensor[], options: RunOptions): Promise<RunResult> {
    const startedAt = performance.now();
    this.inFlight++;
    try {
      const result = await this.refused.during(sha256, () => this.client.run(sha256, inputs, options));
      this.latencyMs = learnLatency(this.latencyMs, performance.now() - startedAt);
      this.hasRun = true;
      return { ...result, ranOn: this.ranOn };
    } catch (error) {
      if (error instanceof WorkerLost) this.lost(error.message);
      throw error;
    } finally {
      this.inFlight--;
    }
  }

  async load(sha256: string, rows: number | undefined): Promise<void> {
    await this.seeingLoss(this.client.load(sha256, rows));
    this.loaded.add(sha256);
    this.needs.changed();
  }

  async unload(sha256: string): Promise<void> {
    await this.seeingLoss(this.client.unload(sha256));
    this.loaded.delete(sha256);
    await this.attend();
  }

  call<Method extends Exclude<WorkerMethod, 'attend'>>(
    method: Method,
    asked: WorkerCalls[Method]['asked'],
    timeoutMs: number,
  ): Promise<WorkerCalls[Method]['answer']> {
    return this.seeingLoss(this.client.call(method, asked, timeoutMs));
  }

  private get workers() {
    return this.attendance?.workers ?? [];
  }

  private async seeingLoss<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof WorkerLost) this.lost(error.message);
      throw error;
    }
  }

  private async attend(): Promise<void> {
    const { api, leasesOf, limitsOf } = this.needs;
    const { client } = this;
    const loadedBefore = [...this.loaded];
    try {
      const asked = { api, leases: leasesOf(this.name), limits: limitsOf(this.name) };
      const said = await client.call('attend', asked, ATTEND_WITHIN_MS);
      if (client !== this.client) return;
      this.missed = 0;
      this.silence = null;
      this.isSilenceLogged = false;
      if (!this.hasRun) this.latencyMs = fadedLatency(this.latencyMs);
      this.hasRun = false;
      this.attendance = said;
      this.lastId = said.id;
      this.seen.told(said);
      this.refused.told(said.refused);
      this.ranOn = {
        backend: ON_WORKERS,
        provider: said.workers.find(({ provider }) => provider)?.provider ?? null,
      };
      this.upCount = said.workers.filter(({ state }) => state === 'idle' || state === 'busy').length;
      for (const sha256 of loadedBefore) this.loaded.delete(sha256);
    } catch (error) {
      if (client !== this.client || this.isStopped) return;
      const { message } = error as Error;
      if (error instanceof WorkerLost) return this.lost(message);
      this.silence = silentBecause(message, this.silence);
      if (++this.missed < MAX_MISSED) return;
      // It may hang, and the connection with it: whoever waits for an answer is asked elsewhere.
      this.client = new WorkerClient(this.address, this.needs.token);
      client.close();
      return this.lost(message);
    }
    this.needs.changed();
  }

  private lost(problem: string): void {
    if (!this.isSilenceLogged && !this.isStopped)
      this.needs.logger.warn({ worker: this.address, problem }, 'a worker does not answer; others are asked');
    this.isSilenceLogged = true;
    this.silence = silentBecause(problem, this.silence);
    if (this.attendance === null) return;
    this.attendance = null;
    this.upCount = 0;
    this.loaded.clear();
    this.latencyMs = 0;
    this.needs.changed();
  }
}
