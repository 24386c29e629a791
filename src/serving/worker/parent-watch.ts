import { workerData } from 'node:worker_threads';
import { removeOwnFolder } from './own-folder';

/**
 * A thread that ends the worker when its parent is gone. The pipe tells the main thread the same at once, but
 * a main thread inside a run that never returns hears nothing, and would use up a core for ever.
 */
const CHECK_EVERY_MS = 2_000;

const parentPid = workerData as number;

setInterval(() => {
  if (process.ppid === parentPid) return;
  removeOwnFolder();
  process.kill(process.pid, 'SIGKILL');
}, CHECK_EVERY_MS);
