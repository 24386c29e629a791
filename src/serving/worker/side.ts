import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Tensor } from '../../kernel/tensors/tensor';
import { program } from '../../kernel/program';
import type { Outcome, Work } from './commands';

/** What a worker's main thread sends to one at its side; what the thread holds is its own. */
export interface SideRequest {
  readonly id: number;
  readonly command: Work;
  readonly tensors: readonly Tensor[];
}
export interface SideReply {
  readonly id: number;
  readonly outcome: Outcome;
}
export interface SideSettings {
  readonly provider: string;
  readonly intraOpNumThreads: number;
}

/**
 * A thread beside the worker's main one, with models of its own: the runtime blocks a thread while it loads, and what is
 * loaded in one thread runs in no other. A run there costs some 25 µs more (2-core Xeon). Should it fail, so does the
 * process: the models that it had are gone.
 */
export class Side {
  /** The models it holds. */
  readonly models = new Set<string>();
  /** Commands that it has not answered. */
  private readonly waiting = new Map<number, (outcome: Outcome) => void>();
  private readonly thread: Worker;
  private lastId = 0;
  private lastUse = 0;

  constructor(settings: SideSettings) {
    this.thread = new Worker(program(join(__dirname, 'side-thread')), { workerData: settings });
    this.thread.on('message', ({ id, outcome }: SideReply) => {
      this.waiting.get(id)?.(outcome);
      this.waiting.delete(id);
    });
    this.thread.unref();
  }

  get isBusy(): boolean {
    return this.waiting.size > 0;
  }

  /** When it was asked last, on performance.now()'s clock. */
  get usedAt(): number {
    return this.lastUse;
  }

  async perform(command: Work, tensors: readonly Tensor[]): Promise<Outcome> {
    this.lastUse = performance.now();
    const id = ++this.lastId;
    const answered = new Promise<Outcome>((resolve) => this.waiting.set(id, resolve));
    this.thread.postMessage({ id, command, tensors: tensors.map(copied) } satisfies SideRequest);
    return answered;
  }
}

/** Its own values alone: what they lie in may be a frame of some megabytes. */
const copied = (tensor: Tensor): Tensor =>
  ArrayBuffer.isView(tensor.data) ? { ...tensor, data: tensor.data.slice() } : tensor;
