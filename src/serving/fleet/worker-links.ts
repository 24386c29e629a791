import { MAX_WORKERS } from '../../kernel/worker-addresses';
import { Periodic } from '../../kernel/periodic';
import type { Discovery } from './discovery';
import { tooLongSilent, undiscoverable } from './undiscovered';
import { WorkerLink, type LinkNeeds } from './worker-link';

/** The connections to all workers that were found. */
export class WorkerLinks {
  private readonly links = new Map<string, WorkerLink>();
  private readonly passes: Periodic;
  private readonly linkNeeds: LinkNeeds;
  private opened: readonly WorkerLink[] | undefined;
  /** Why nobody can be looked for; null where somebody can. */
  private failing: { readonly since: Date; readonly error: unknown } | null = null;
  private numbers = 0;

  constructor(
    private readonly discovery: Discovery,
    private readonly needs: Omit<LinkNeeds, 'nextNumber'>,
  ) {
    this.passes = new Periodic(() => this.look(), discovery.everyMs);
    const changed = () => {
      this.opened = undefined;
      needs.changed();
    };
    this.linkNeeds = { ...needs, changed, nextNumber: () => this.numbers++ };
  }

  /** Resolves when those that are there now were asked once how they are. */
  async start(): Promise<void> {
    await this.look();
    this.passes.start();
  }

  async stop(): Promise<void> {
    await this.passes.stop();
    await Promise.all(this.all().map((link) => link.stop()));
  }

  all(): readonly WorkerLink[] {
    return [...this.links.values()];
  }

  /** Those that take runs; one that was found under two addresses counts once. Asked for every run, so remembered. */
  open(): readonly WorkerLink[] {
    return (this.opened ??= uniqueOf(this.all().filter(({ isOpen }) => isOpen)));
  }

  /** Those that say how they are, each once. */
  answering(): readonly WorkerLink[] {
    return uniqueOf(this.all().filter(({ said }) => said !== null));
  }

  /** Those that are expected and do not answer, each once; none that answers under another address. */
  lost(): readonly WorkerLink[] {
    const answering = new Set(this.answering().map(({ nodeId }) => nodeId));
    return uniqueOf(this.all().filter(({ said, nodeId }) => said === null && !answering.has(nodeId)));
  }

  /** Why workers are not among them that somebody may miss, a sentence each. */
  async undiscovered(): Promise<readonly string[]> {
    const { failing } = this;
    // Where rows cannot be read, that is told already.
    const silent = failing === null ? await this.discovery.silent?.().catch(() => []) : [];
    const unknown = (silent ?? []).filter(({ address }) => !this.links.has(address));
    const why = failing === null ? [] : [undiscoverable(failing.error, failing.since)];
    return [...why, ...unknown.map(tooLongSilent)];
  }

  /** Whether one that takes no runs says that it is about to: its processes are being started again. */
  isAnybodyComing(): boolean {
    return this.all().some(({ said }) => said !== null && !said.isDraining);
  }

  private async look(): Promise<void> {
    let found: readonly string[];
    try {
      found = await this.discovery.find();
      this.failing = null;
    } catch (error) {
      if (this.failing === null)
        this.needs.logger.warn({ err: error }, 'workers cannot be looked for; those that were found go on');
      this.failing = { since: this.failing?.since ?? new Date(), error };
      return;
    }
    for (const [address, link] of this.links)
      if (!found.includes(address) && mayForget(link)) this.forget(address, link);
    const fresh = found.filter((address) => !this.links.has(address));
    await Promise.all(fresh.slice(0, MAX_WORKERS - this.links.size).map((address) => this.meet(address)));
  }

  private async meet(address: string): Promise<void> {
    const link = new WorkerLink(address, this.linkNeeds);
    this.links.set(address, link);
    await link.start();
    this.needs.logger.info({ worker: address, answers: link.said !== null }, 'a worker was found');
  }

  private forget(address: string, link: WorkerLink): void {
    this.links.delete(address);
    this.opened = undefined;
    this.needs.logger.info({ worker: address }, 'a worker has left');
    void link.stop();
  }
}

function uniqueOf(links: readonly WorkerLink[]): readonly WorkerLink[] {
  const ids = new Set<string>();
  return links.filter(({ nodeId, address }) => !ids.has(nodeId ?? address) && ids.add(nodeId ?? address));
}

/** One that answers is kept, though nobody tells of it any more: it may be cut off from where it was to be found. */
const mayForget = ({ said, inFlight }: WorkerLink): boolean =>
  said === null || (said.isDraining && inFlight === 0);
