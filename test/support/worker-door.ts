import { GrpcServer } from '../../src/compat/open-inference/grpc-server';
import { workerService } from '../../src/compat/open-inference/worker-service';
import type { ArtifactFolder } from '../../src/kernel/artifacts/artifact-folder';
import { createLogger } from '../../src/kernel/logger';
import { ModelFiles } from '../../src/serving/fleet/model-files';
import { WorkerNode, type NodeBackend } from '../../src/serving/fleet/worker-node';
import type { WorkerToken } from '../../src/serving/fleet/worker-token';
import type { UsedGpu } from '../../src/serving/gpu/gpu-reading';

const LOGGER = createLogger('silent');

export interface WorkerDoor<Runs extends NodeBackend> {
  readonly backend: Runs;
  readonly node: WorkerNode;
  door: GrpcServer;
  readonly address: string;
  /** Opens its door again, where it was before. */
  open(): Promise<void>;
}

/** A worker node in this process, with its real door. */
export async function openWorkerDoor<Runs extends NodeBackend & { tellCards?(): readonly UsedGpu[] }>(
  backend: Runs,
  store: ArtifactFolder,
  token: WorkerToken,
): Promise<WorkerDoor<Runs>> {
  let address = '';
  const files = new ModelFiles(store);
  const gpus = () => Promise.resolve(backend.tellCards?.() ?? []);
  const node = new WorkerNode({ backend, files, gpus, logger: LOGGER, name: () => address });
  const isReady = () => Promise.resolve(true);
  const doorAt = async (port: number) => {
    const door = new GrpcServer(workerService({ node, isReady, token, logger: LOGGER }));
    address = await door.listen('127.0.0.1', port);
    return door;
  };
  const worker: WorkerDoor<Runs> = {
    ...{ backend, node, door: await doorAt(0), address },
    open: async () => {
      worker.door = await doorAt(Number(address.split(':')[1]));
    },
  };
  return worker;
}
