import { parentPort, workerData } from 'node:worker_threads';
import { Commands } from './commands';
import { doWithoutHalfArrays } from './half-arrays';
import { sessionOptions } from './session-options';
import type { SideReply, SideRequest, SideSettings } from './side';

/** A thread that holds models beside those of the worker's main one: see `side.ts`. */
function main(): void {
  const port = parentPort;
  if (!port) throw new Error('This file runs as a worker thread.');
  doWithoutHalfArrays();
  const { provider, intraOpNumThreads } = workerData as SideSettings;
  const commands = new Commands(sessionOptions(provider, intraOpNumThreads));
  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ id, command, tensors }: SideRequest) => {
    last = last.then(async () => {
      const outcome = await commands.perform(command, tensors);
      port.postMessage({ id, outcome } satisfies SideReply);
    });
  });
}

main();
