import { notNow } from '../kernel/errors';
import type { Logger } from '../kernel/logger';
import { ReaderProcess, type ReaderDeath } from './reader-process';
import type { Job, JobResults, Reply } from './reading/jobs';
import type { ReadingLimits } from './reading/limits';
import { Unreadable } from './reading/unreadable';

/** Processes at a time: a large file must not hold up the small ones. More would take cores from predictions. */
const MAX_PROCESSES = 2;

/** Jobs that may wait. Who would wait behind more is better told to come back. */
const MAX_WAITING = 64;

/** How long a process waits for a next job, in ms, since a start costs some tenths of a second. */
const KEEP_MS = 30_000;

/** Wall-clock limit of one job, in ms: CSV of 884 MB took 23 s, so the largest artifact is read. */
const JOB_LIMIT_MS = 360_000;

export interface DataReaderOptions {
  readonly logger: Logger;
  readonly limitMs?: number;
  readonly limits?: ReadingLimits;
}

/** Reads data in processes of its own. Whoever made it stops it. */
export class DataReader {
  private readonly idle: { readonly process: ReaderProcess; readonly timer: NodeJS.Timeout }[] = [];
  private readonly busy = new Set<ReaderProcess>();
  private readonly attempts = new Set<Promise<unknown>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private stopped = false;

  constructor(private readonly options: DataReaderOptions) {}

  /**
   * @throws Unreadable where the data is at fault, or takes more than one reading may; Failure where nothing can be
   * read   right now
   */
  async perform<J extends Job>(job: J): Promise<JobResults[J['kind']]> {
    await this.turn();
    const attempt = this.attempt(job);
    this.attempts.add(attempt);
    try {
      const reply = await attempt;
      if ('cause' in reply) throw this.died(reply);
      if (!reply.ok) throw new Unreadable(reply.code, reply.message);
      return reply.result as JobResults[J['kind']];
    } finally {
      this.attempts.delete(attempt);
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer } of this.idle) clearTimeout(timer);
    const processes = [...this.idle.map(({ process }) => process), ...this.busy];
    await Promise.all(processes.map((process) => process.stop()));
    for (const wake of this.waiting.splice(0)) wake();
    await Promise.allSettled(this.attempts); // a process may still be starting
  }

  private async turn(): Promise<void> {
    if (this.running < MAX_PROCESSES) {
      this.running++;
      return;
    }
    if (this.waiting.length >= MAX_WAITING) throw notNow(`${MAX_WAITING} files wait to be read already.`);
    // Who has done hands over the place, so that nobody slips in between.
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private async attempt(job: Job): Promise<Reply | ReaderDeath> {
    const process = await this.process();
    this.busy.add(process);
    if (this.stopped) await process.stop(); // it was started meanwhile
    try {
      return await process.perform(job, this.options.limitMs ?? JOB_LIMIT_MS);
    } finally {
      this.busy.delete(process);
      if (process.isAlive) this.keep(process);
    }
  }

  private async process(): Promise<ReaderProcess> {
    if (this.stopped) throw notNow('The server is stopping.');
    for (let kept = this.idle.pop(); kept; kept = this.idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.process.isAlive) return kept.process;
    }
    return ReaderProcess.start(this.options.limits).catch((cause: unknown) => {
      throw notNow('No process could be started to read the data. Try again shortly.', { cause });
    });
  }

  private keep(process: ReaderProcess): void {
    const timer = setTimeout(() => {
      this.idle.splice(
        this.idle.findIndex((kept) => kept.process === process),
        1,
      );
      void process.stop();
    }, KEEP_MS);
    timer.unref();
    this.idle.push({ process, timer });
  }

  private died({ cause, lastWords }: ReaderDeath): Error {
    const { limitMs = JOB_LIMIT_MS } = this.options;
    const instead = 'Register it by uri and sha256 instead, or in parts.';
    switch (cause) {
      case 'stopped':
        return notNow('The server is stopping.');
      case 'time':
        return new Unreadable('TOO_LARGE_TO_READ', `It was not read within ${limitMs / 1000} s. ${instead}`);
      case 'memory':
      case 'disk':
        return new Unreadable('TOO_LARGE_TO_READ', `Reading it takes more ${cause} than it may. ${instead}`);
      case 'crash':
        this.options.logger.warn({ lastWords }, 'a process that read data has died');
        return new Unreadable(
          'READER_DIED',
          'The program that reads data died of it. The file may be damaged.',
        );
    }
  }
}
