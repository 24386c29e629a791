import { isFileError } from './file-error';
import { writeRun, type RunPlace, type RunWriter } from './import-run';
import { factsThatFit, nameThatFits, pointFault } from './facts-that-fit';
import type { KnownRun } from './import-target';
import { MlflowRefusal } from './mlflow-http';
import type { Progress } from './progress';
import type { FoundRun, SourceRun } from './source-run';
import type { Tally } from './tally';
import type { Experiments } from './experiments';

/** Runs looked for on the server at a time. */
const LOOK_AHEAD = 50;

export interface RunImportNeeds {
  /** Null: nothing is written, and what would come is counted. */
  readonly writer: RunWriter | null;
  readonly experiments: Experiments;
  readonly tally: Tally;
  readonly progress: Progress;
  readonly stop: AbortSignal;
  /** A run that another one is a part of, by what the source calls it; null where it has none. */
  readonly find?: (id: string) => Promise<FoundRun | null>;
  /** What must be there before a run's points are. */
  readonly prepare?: (run: SourceRun, place: RunPlace) => Promise<void>;
}

/** Brings runs: parents first, each once, whatever an earlier start has brought of it. */
export class RunImport {
  private readonly placed = new Map<string, RunPlace>();
  private readonly underWay = new Set<string>();
  private readonly toDelete: string[] = [];

  constructor(private readonly needs: RunImportNeeds) {}

  /** Where a run has gone; null where it has not come. */
  placeOf = (key: string): RunPlace | null => this.placed.get(key) ?? null;

  async all(runs: readonly FoundRun[]): Promise<void> {
    for (let at = 0; at < runs.length && !this.needs.stop.aborted; at += LOOK_AHEAD) {
      const some = runs.slice(at, at + LOOK_AHEAD);
      const known = await this.known(some.map(({ key }) => key));
      for (const found of some) {
        if (this.needs.stop.aborted) return;
        if (!this.placed.has(found.key)) await this.one(found, known.get(found.key) ?? null);
        this.needs.progress.runDone();
      }
    }
  }

  /** Deleted last: a run that is deleted takes no parts. */
  async finish(): Promise<void> {
    for (const runId of this.toDelete) await this.needs.writer?.target.setDeleted(runId, true);
    this.toDelete.length = 0;
  }

  private async known(keys: readonly string[]): Promise<ReadonlyMap<string, KnownRun>> {
    return (await this.needs.writer?.target.knownRuns(keys)) ?? new Map<string, KnownRun>();
  }

  /** What is wrong with one run is no reason to leave out the others. */
  private async one(found: FoundRun, known: KnownRun | null): Promise<void> {
    this.underWay.add(found.key);
    this.needs.progress.begin(found.label);
    try {
      await this.bring(found, known);
    } catch (error) {
      if (!(error instanceof MlflowRefusal) && !isFileError(error)) throw error;
      this.needs.tally.fail('runs', error.message, found.label);
    } finally {
      this.underWay.delete(found.key);
    }
  }

  private async bring(found: FoundRun, known: KnownRun | null): Promise<void> {
    const { writer, tally } = this.needs;
    if (known && known.mark === found.mark) {
      this.placed.set(found.key, { runId: known.id, experimentId: known.experimentId });
      if (found.isDeleted && !known.isDeleted) this.toDelete.push(known.id);
      return tally.wasThere('runs');
    }
    const run = await found.read();
    if (!run) return tally.leaveOut('runs', 'There is nothing in them.', found.label);
    if (!writer) return this.count(found, run);
    const place = known ? await this.reopen(writer, known) : await this.start(writer, found, run);
    this.placed.set(found.key, place);
    const failuresBefore = failures(tally);
    await this.needs.prepare?.(run, place);
    await writeRun(writer, found, run, place);
    if (run.status !== 'RUNNING') await writer.target.setStatus(place.runId, run.status, run.endedAtMs);
    // Without a mark the next start tries what has failed once more.
    if (failures(tally) === failuresBefore) await writer.target.setMark(place.runId, found.mark);
    if (found.isDeleted) this.toDelete.push(place.runId);
    if (known) tally.wasThere('runs');
    else tally.add('runs');
  }

  private async start({ target, tally }: RunWriter, found: FoundRun, run: SourceRun): Promise<RunPlace> {
    const parentId = run.parent && ((await this.parent(run.parent)) ?? run.parent.id);
    const experimentId = await this.needs.experiments.idOf(run.experiment);
    const { startedAtMs, userId } = run;
    const start = {
      key: found.key,
      experimentId,
      name: nameThatFits(run.name, tally, found.label),
      startedAtMs,
      userId,
      parentId,
    };
    return { runId: await target.startRun(start), experimentId };
  }

  /** Not all had come, or more has come since. */
  private async reopen({ target }: RunWriter, known: KnownRun): Promise<RunPlace> {
    if (known.isExperimentDeleted) await this.needs.experiments.reopen(known.experimentId);
    if (known.isDeleted) await target.setDeleted(known.id, false);
    if (known.status !== 'RUNNING') await target.setStatus(known.id, 'RUNNING', null);
    return { runId: known.id, experimentId: known.experimentId };
  }

  /** The id of the run that another is a part of, which is brought first; null where it cannot be had. */
  private async parent({ key, id }: NonNullable<SourceRun['parent']>): Promise<string | null> {
    const placed = this.placed.get(key);
    if (placed) return placed.runId;
    if (this.underWay.has(key)) return null; // they are parts of each other
    const known = (await this.known([key])).get(key) ?? null;
    const found = (await this.needs.find?.(id)) ?? null;
    if (found) await this.one(found, known);
    return this.placed.get(key)?.runId ?? known?.id ?? null;
  }

  /** Of what would come. */
  private async count(found: FoundRun, run: SourceRun): Promise<void> {
    const { tally, progress, experiments } = this.needs;
    experiments.count(run.experiment);
    tally.add('runs');
    nameThatFits(run.name, tally, found.label); // which counts what does not
    tally.add('params', factsThatFit('params', run.params, tally, found.label).length);
    tally.add('tags', factsThatFit('tags', run.tags, tally, found.label).length);
    tally.add('datasets', run.datasets.length);
    for await (const points of run.points()) {
      for (const point of points) {
        const fault = pointFault(point);
        if (fault === null) tally.add('points');
        else tally.fail('points', fault, `${found.label}: ${point.key.slice(0, 100)}`);
      }
      progress.tick();
    }
    for await (const file of run.files()) {
      tally.add('files');
      tally.add('bytes', file.sizeBytes ?? 0);
    }
  }
}

const failures = (tally: Tally): number =>
  tally.notImported.filter(({ isFailure }) => isFailure).reduce((sum, { count }) => sum + count, 0);
