import type { Backend, HeldBackModel, WorkerStatus } from '../execution/backend';
import type { RemoteStatus } from '../backends/remote-model';
import type { RemoteServerStatus } from '../backends/remote-server';
import type { CloseReason } from '../batching/batch-policy';
import type { Batcher, BatcherStats } from '../batching/batcher';
import type { TellGpus, UsedGpu } from '../gpu/gpu-reading';

/** How busy this process is, and the machines that run its models. */
export interface WorkerLoad extends Omit<BatcherStats, 'closed'> {
  readonly workers: readonly (WorkerStatus & {
    readonly modelCount: number;
    readonly heldBack: readonly HeldBackModel[];
  })[];
  readonly gpus: readonly UsedGpu[];
  /** Why workers that somebody may miss are not among them, a sentence each. */
  readonly undiscovered: readonly string[];
  /** Models that other servers have. */
  readonly remotes: readonly RemoteStatus[];
  readonly closed: readonly { readonly reason: CloseReason; readonly count: number }[];
}

/** Workers that run elsewhere. */
export interface FleetSeen {
  /** Those that are expected and do not answer. */
  lost(): readonly WorkerStatus[];
  /** Why others are not expected, a sentence each. */
  undiscovered(): Promise<readonly string[]>;
  gpus(): Promise<readonly UsedGpu[]>;
}

export interface LoadNeeds {
  readonly backend: Backend;
  readonly batcher: Batcher;
  /** Null: this process runs models itself. */
  readonly fleet: FleetSeen | null;
  /** Those of this machine. */
  readonly gpus: TellGpus;
  readonly remote: { remotes(): readonly RemoteStatus[]; servers(): readonly RemoteServerStatus[] };
}

export async function readWorkerLoad(needs: LoadNeeds): Promise<WorkerLoad> {
  const { batcher, remote, fleet } = needs;
  const [gpus, undiscovered] = await Promise.all([seenGpus(needs), fleet?.undiscovered() ?? []]);
  const { closed, ...stats } = batcher.stats();
  return {
    ...stats,
    ...{ gpus, undiscovered },
    remotes: remote.remotes(),
    workers: seenWorkers(needs).map((worker) => {
      const { models, heldBack = [] } = worker;
      return { ...worker, modelCount: models.length, heldBack };
    }),
    closed: Object.entries(closed).map(([reason, count]) => ({ reason: reason as CloseReason, count })),
  };
}

/** By number, with those that are expected and do not answer. */
export const seenWorkers = ({
  backend,
  fleet,
}: Pick<LoadNeeds, 'backend' | 'fleet'>): readonly WorkerStatus[] =>
  [...backend.status(), ...(fleet?.lost() ?? [])].sort((one, other) => one.id - other.id);

/** Those of this machine and of all others that run models. One that a node tells of is the node's. */
export async function seenGpus({
  gpus,
  fleet,
}: Pick<LoadNeeds, 'gpus' | 'fleet'>): Promise<readonly UsedGpu[]> {
  const [own, elsewhere] = await Promise.all([gpus(), fleet?.gpus() ?? []]);
  const told = new Set(elsewhere.map(({ uuid }) => uuid));
  return [...own.filter(({ uuid }) => !told.has(uuid)), ...elsewhere];
}
