import { writeFileSync } from 'node:fs';
import { ClientError, reasonOf } from '../../client/client-error';
import { durationMsOf } from '../option-values';
import { CommandFailed, EXIT, type ExitCode, type Terminal } from '../command';
import { serverAccess } from '../server-access';
import { Experiments, type SourceExperiment } from './experiments';
import { isFileError } from './file-error';
import { reportJson, reportText } from './import-report';
import type { RunWriter } from './import-run';
import { ImportTarget } from './import-target';
import { Progress } from './progress';
import { RunImport, type RunImportNeeds } from './run-import';
import { Tally } from './tally';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

/** Options that every import takes, as `parseArgs` wants them. */
export const IMPORT_OPTIONS = {
  ...{ 'experiment-prefix': text, report: text, timeout: text },
  ...{ 'dry-run': flag, 'follow-links': flag },
} as const;

export const IMPORT_HELP = `  --experiment-prefix TEXT  stands before the names of experiments here
  --follow-links     bring files that are links, wherever they lead (they are left out)
  --dry-run          write nothing; count what would come
  --report FILE      write what came and what did not, as JSON
  --timeout TIME     how long to try while a server is away (2m)

Started again, it goes on where it was: what has come is not brought twice, and of runs that have grown the rest comes.
Ends with 3 where anything that should have come did not. One import of a source at a time.`;

interface Options {
  readonly 'experiment-prefix'?: string | undefined;
  readonly 'follow-links'?: boolean | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly report?: string | undefined;
  readonly timeout?: string | undefined;
  readonly url?: string | undefined;
  readonly 'key-file'?: string | undefined;
  readonly project?: string | undefined;
}

/** One start of an import: what all sources share. */
export class ImportSession {
  readonly tally = new Tally();
  readonly progress: Progress;
  readonly followsLinks: boolean;
  readonly patienceMs: number;
  readonly target: ImportTarget | null;
  private readonly targetUrl: string;

  /** @param source where it comes from, without a credential */
  constructor(
    private readonly source: string,
    private readonly options: Options,
    private readonly terminal: Terminal,
  ) {
    // What writes nothing needs neither a server nor its key.
    const access = options['dry-run'] ? null : serverAccess(options, terminal.environment);
    this.targetUrl = access?.url ?? '';
    this.patienceMs = durationMsOf('timeout', options.timeout ?? '2m');
    this.followsLinks = options['follow-links'] ?? false;
    this.progress = new Progress(terminal, this.tally);
    const needs = { patienceMs: this.patienceMs, stop: terminal.stop };
    this.target = access && new ImportTarget(access, needs);
  }

  get stop(): AbortSignal {
    return this.terminal.stop;
  }

  experiments(sources?: ReadonlyMap<string, SourceExperiment>): Experiments {
    return new Experiments(this.target, this.tally, this.options['experiment-prefix'] ?? '', sources);
  }

  runs(
    experiments: Experiments,
    more: Pick<RunImportNeeds, 'find' | 'prepare'> & Partial<Pick<RunWriter, 'modelId'>> = {},
  ): RunImport {
    const { target, tally, progress, stop } = this;
    const { modelId = () => null, ...hooks } = more;
    const writer = target && { target, tally, onProgress: progress.tick, modelId };
    return new RunImport({ writer, experiments, tally, progress, stop, ...hooks });
  }

  /** Does the work, and tells what came of it, also where it could not be ended. */
  async run(work: () => Promise<void>): Promise<ExitCode> {
    let problem: Error | null = null;
    try {
      await work();
    } catch (error) {
      const isTold = error instanceof ClientError || error instanceof CommandFailed || isFileError(error);
      if (!isTold) throw error;
      problem = error;
    }
    this.progress.end();
    const isComplete = problem === null && !this.stop.aborted;
    const { source, tally, options } = this;
    const outcome = { source, target: this.targetUrl, isDryRun: this.target === null, isComplete, tally };
    this.terminal.out(reportText(outcome));
    if (options.report !== undefined) writeReport(options.report, reportJson(outcome));
    if (this.stop.aborted) throw new CommandFailed('The import was stopped.');
    if (problem) throw new CommandFailed(problem.message);
    if (tally.hasFailures) throw new CommandFailed('Not all that should have come did.');
    return EXIT.ok;
  }
}

function writeReport(file: string, json: string): void {
  try {
    writeFileSync(file, json);
  } catch (error) {
    throw new CommandFailed(`The report cannot be written: ${reasonOf(error)}`);
  }
}
