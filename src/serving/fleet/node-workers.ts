import type { WorkerStatus } from '../execution/backend';
import { sentenceOf, type Silence } from './silence';
import type { UsedGpu } from '../gpu/gpu-reading';
import type { Attendance } from './worker-calls';

/** The workers of one node as people see them: with numbers that no other one has, whatever becomes of the node. */
export class NodeWorkers {
  private readonly numbers = new Map<number, number>();
  private name: string;
  private latest: readonly WorkerStatus[] = [NEVER_SEEN];

  /** @param nextNumber gives each number once */
  constructor(
    address: string,
    private readonly nextNumber: () => number,
  ) {
    this.name = address;
  }

  told({ name, workers, apis = 1 }: Attendance): void {
    this.name = name;
    this.latest = workers.map((worker) => ({ ...worker, sharers: apis }));
  }

  /** As the node said last. */
  present(): readonly WorkerStatus[] {
    return this.latest.map((worker) => ({ ...worker, id: this.numberOf(worker.id), node: this.name }));
  }

  /** What is left to say of them while the node does not answer; one for a node that never did. */
  lost(silence: Silence | null): readonly WorkerStatus[] {
    const problem = silence && sentenceOf(silence);
    return this.present().map(({ id, node, restarts, budgetBytes }) => ({
      ...NEVER_SEEN,
      ...{ id, node, restarts, budgetBytes, problem },
    }));
  }

  /** What the node tells of its cards, as this process tells it. */
  withNumbers(cards: readonly UsedGpu[]): readonly UsedGpu[] {
    return cards.map((card) => ({
      ...card,
      node: this.name,
      workers: card.workers.map((id) => this.numberOf(id)),
    }));
  }

  private numberOf(id: number): number {
    const known = this.numbers.get(id);
    if (known !== undefined) return known;
    const number = this.nextNumber();
    this.numbers.set(id, number);
    return number;
  }
}

const NEVER_SEEN: WorkerStatus = {
  ...{ id: 0, pid: null, state: 'down', provider: null, skippedProviders: [], restarts: 0, models: [] },
  ...{ rssBytes: null, budgetBytes: 0 },
};
