import { ServerProcess } from '../support/server-process';
import { testVersionSwaps } from '../support/version-swaps';

testVersionSwaps(500, async () => {
  const folder = await ServerProcess.newFolder();
  const server = await ServerProcess.start(folder, { ONNX_WORKERS: '2' });
  const stop = async () => {
    await server.kill('SIGTERM');
    await ServerProcess.removeFolder(folder);
  };
  return { server, stop };
});
