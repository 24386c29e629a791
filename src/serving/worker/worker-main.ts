import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { cores } from '../../kernel/machine';
import { program } from '../../kernel/program';
import { Commands, type Outcome } from './commands';
import { FrameMemory } from './frame-memory';
import { FrameSocket } from './frame-socket';
import type { Message } from './framing';
import { doWithoutHalfArrays } from './half-arrays';
import { removeOwnFolder } from './own-folder';
import { Patience } from './patience';
import { probeProviders } from './providers';
import type { Command, WorkerSettings } from './protocol';
import { sessionOptions } from './session-options';
import { Sides } from './sides';

/** The pipe to the parent, as it was set up by `spawn-worker.ts`. */
const PIPE_FD = 3;
const GREETING_ID = 0;

async function main(): Promise<void> {
  const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;
  watchParent(settings.parentPid);
  doWithoutHalfArrays();

  const waiting: Message[] = [];
  const patience = new Patience(cores() > 1);
  const memory = new FrameMemory();
  const socket = FrameSocket.at(
    PIPE_FD,
    (message) => {
      waiting.push(message);
      patience.reward();
    },
    // Between two runs, so leaving is safe: a process that leaves inside one is aborted.
    () => {
      removeOwnFolder();
      process.exit(0);
    },
    memory,
  );

  const { provider, skipped } = await probeProviders(settings.providers);
  if (provider === undefined) {
    socket.send(GREETING_ID, { type: 'unfit', skipped }, [], () => process.exit(1));
    return;
  }
  socket.send(GREETING_ID, { type: 'ready', provider, skipped, rssBytes: process.memoryUsage.rss() });

  let wasShared = false;
  const { intraOpNumThreads } = settings;
  const commands = new Commands(sessionOptions(provider, intraOpNumThreads));
  const sides = new Sides(commands, { provider, intraOpNumThreads });
  for (;;) {
    const message = waiting.shift();
    if (message === undefined) {
      await patience.wait(() => waiting.length > 0, wasShared);
      continue;
    }
    const command = message.body as Command;
    if (command.type === 'stop') break;
    wasShared = command.type === 'run' && command.shared === true;
    const performed = sides.perform(command, message.tensors);
    const { id, frame } = message;
    // Not before the answer has left: what it holds may be the question's own values.
    const answered = performed.then((outcome) =>
      answer(socket, id, outcome, () => frame && memory.giveBack(frame)),
    );
    if (command.type !== 'load' || !command.aside) await answered;
  }
  await commands.releaseAll();
  process.exit(0);
}

function answer(socket: FrameSocket, id: number, { reply, tensors }: Outcome, onFlushed: () => void): void {
  try {
    socket.send(id, reply, tensors, onFlushed);
  } catch (error) {
    // An answer that is too large for a frame is the inputs' doing: the worker itself is well.
    const message = error instanceof Error ? error.message : String(error);
    socket.send(id, {
      type: 'failed',
      kind: 'invalid-input',
      message: `The model's answer cannot be sent. ${message}`,
    });
  }
}

function watchParent(parentPid: number): void {
  const thread = new Worker(program(join(__dirname, 'parent-watch')), { workerData: parentPid });
  thread.unref();
}

void main();
