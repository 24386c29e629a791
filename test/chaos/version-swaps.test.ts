import { ServerProcess } from '../support/server-process';
import { testVersionSwaps, type Swapped } from '../support/version-swaps';

const MEBIBYTE = 1024 ** 2;
/** For the runtime and one version of 128 MiB, which takes three times as much while it is loaded; not for two. */
const TIGHT_MIB = 560;

async function start(environment: Record<string, string>): Promise<Swapped> {
  const folder = await ServerProcess.newFolder();
  const server = await ServerProcess.start(folder, { ONNX_WORKERS: '2', ...environment });
  const stop = async () => {
    await server.kill('SIGTERM');
    await ServerProcess.removeFolder(folder);
  };
  return { server, stop };
}

describe('where the workers have room for both versions', () =>
  testVersionSwaps({ requestsPerSecond: 500 }, () => start({})));

describe('where each worker has room for one version', () =>
  testVersionSwaps({ requestsPerSecond: 200, modelBytes: 128 * MEBIBYTE }, () =>
    start({ ONNX_WORKER_MEMORY_MB: String(TIGHT_MIB) }),
  ));
