import type { Tensor, TensorSpec } from '../../kernel/tensors/tensor';
import { WorkerUnavailable } from '../execution/worker-unavailable';
import { RemoteBreaker, type RemotePass, type RemoteState } from './remote-breaker';
import type { RanOn, RunOptions } from '../execution/backend';
import type { RemoteDocument } from '../execution/remote-document';
import { asSentence, RemoteFailure } from './remote-failure';
import type { CallLimits, RemoteMetadata, RemoteModel as Address } from './remote-inference';
import type { RemoteServer } from './remote-server';

/** How long a look at a remote that is away may take, in ms. */
const LOOK_LIMIT_MS = 2_000;

/** `UNKNOWN`: nothing that was asked of it has been answered yet; else what the breaker says. */
export const REMOTE_STATES = ['READY', 'DOWN', 'ON_TRIAL', 'UNKNOWN'] as const satisfies readonly (
  RemoteState | 'UNKNOWN'
)[];

/** How a model at a remote does, for people. */
export interface RemoteStatus {
  readonly backend: RemoteDocument['backend'];
  /** Without path or secrets. */
  readonly origin: string;
  readonly model: string;
  readonly version: string;
  readonly state: (typeof REMOTE_STATES)[number];
  /** Why its last call failed; null where all is well. */
  readonly reason: string | null;
  /** When this process came to think so. */
  readonly since: Date;
  /** Calls on their way to its server, and the most that there may be. */
  readonly inFlight: number;
  readonly maxInFlight: number;
}

/** One model at one remote: asks it, and asks it no more while it is away. */
export class RemoteModel {
  /** What its answers have run on: what the remote uses, it does not tell. */
  readonly ranOn: RanOn;
  private readonly breaker = new RemoteBreaker();
  private readonly address: Address;
  private since = new Date();
  /** Whether the remote has ever answered something of it. */
  private isKnown = false;
  /** Why its metadata could not be read; null since they were, and before. */
  private unread: string | null = null;
  private nextLook: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    readonly document: RemoteDocument,
    readonly server: RemoteServer,
    /** Told when it goes away, and when it is back. */
    private readonly changed: (status: RemoteStatus) => void,
  ) {
    this.address = { name: document.model, version: document.version };
    this.ranOn = { backend: document.backend, provider: null };
  }

  /** @throws RemoteFailure */
  async metadata(): Promise<RemoteMetadata> {
    try {
      const { timeoutMs } = this.document;
      const metadata = await this.server.ask((client) => client.modelMetadata(this.address, { timeoutMs }));
      this.met();
      return metadata;
    } catch (error) {
      this.unread = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }

  /**
   * Asks once; and once more, where the first time nothing of an answer came. A question of a sequence only once: the
   * remote may remember the first.
   *
   * @throws WorkerUnavailable at once while the remote is away, RemoteFailure
   */
  async infer(
    inputs: readonly Tensor[],
    declared: readonly TensorSpec[],
    { outputs, sequence, timeoutMs, signal }: CallLimits & Pick<RunOptions, 'outputs' | 'sequence'>,
    check: (answer: readonly Tensor[]) => readonly Tensor[],
  ): Promise<readonly Tensor[]> {
    const pass = this.breaker.admit();
    if (pass === null) throw new WorkerUnavailable('remote', this.whyNot() ?? 'The remote is being tried.');
    const endsAt = performance.now() + Math.min(timeoutMs, this.document.timeoutMs);
    const ask = async () => {
      const limits = { timeoutMs: Math.max(1, endsAt - performance.now()), ...(signal && { signal }) };
      const wishes = { ...(outputs && { outputs }), ...(sequence && { sequence }) };
      const question = { model: this.address, inputs, declared, ...wishes };
      return check(await this.server.ask((client) => client.infer(question, limits)));
    };
    try {
      const answer = await this.server.during(() =>
        sequence ? ask() : ask().catch((error: unknown) => repeated(error, ask)),
      );
      this.learn(pass, null);
      return answer;
    } catch (error) {
      this.learn(pass, error);
      throw error;
    }
  }

  /** Why it would not be asked at the moment; null where it would. */
  whyNot(): string | null {
    const { state, reason } = this.breaker;
    if (state !== 'DOWN' || reason === null) return null;
    return `${asSentence(reason)} It is asked again once it says that it is ready.`;
  }

  status(): RemoteStatus {
    const { model, version } = this.document;
    const { backend, origin, inFlight, maxInFlight } = this.server.status();
    const state = this.breaker.state === 'READY' && !this.isKnown ? 'UNKNOWN' : this.breaker.state;
    const reason = this.breaker.reason ?? this.unread;
    return { backend, origin, model, version, state, reason, since: this.since, inFlight, maxInFlight };
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.nextLook);
  }

  private learn(pass: RemotePass, error: unknown): void {
    const before = this.breaker.state;
    this.server.count(error);
    if (error === null || (error instanceof RemoteFailure && error.fault === 'refused')) {
      this.met();
      this.breaker.succeeded(pass);
    } else if (!(error instanceof RemoteFailure) || error.fault === 'cancelled' || error.fault === 'busy')
      this.breaker.gaveUp(pass);
    else if (this.breaker.failed(pass, error.message)) this.lookLater();
    this.tellIfChanged(before);
  }

  private met(): void {
    this.unread = null;
    if (this.isKnown) return;
    this.isKnown = true;
    this.since = new Date();
  }

  private lookLater(): void {
    if (this.stopped) return;
    clearTimeout(this.nextLook);
    this.nextLook = setTimeout(() => void this.look(), this.breaker.nextLookMs());
    this.nextLook.unref(); // it keeps no process alive that has nothing else to do
  }

  private async look(): Promise<void> {
    const isReady = await this.server
      .ask((client) => client.modelReady(this.address, { timeoutMs: LOOK_LIMIT_MS }))
      .catch((error: unknown) => {
        if (error instanceof RemoteFailure && error.fault === 'timeout') this.server.renew();
        return false;
      });
    if (this.stopped) return;
    const before = this.breaker.state;
    if (isReady) this.breaker.isBack();
    else this.lookLater();
    this.tellIfChanged(before);
  }

  private tellIfChanged(before: RemoteState): void {
    if (this.breaker.state === before) return;
    this.since = new Date();
    this.changed(this.status());
  }
}

function repeated<Answer>(error: unknown, ask: () => Promise<Answer>): Promise<Answer> {
  if (error instanceof RemoteFailure && error.mayRepeat) return ask();
  throw error;
}
