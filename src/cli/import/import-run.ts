import type { KeyValue } from '../../client/operations/runs';
import { factsThatFit, pointFault } from './facts-that-fit';
import type { ImportTarget, Stored } from './import-target';
import { MlflowRefusal } from './mlflow-http';
import type { FoundRun, SourceFile, SourcePoint, SourceRun } from './source-run';
import type { Tally } from './tally';

/** Points and different metrics of one request: what a healthy server takes in a tenth of a second. */
const MAX_POINTS = 5_000;
const MAX_KEYS = 1_000;
/** Points of logged models of one request, as MLflow's protocol has it. */
const MAX_MEASURED = 1_000;
/** Params or tags of one request. */
const MAX_FACTS = 1_000;

export interface RunWriter {
  readonly target: ImportTarget;
  readonly tally: Tally;
  /** Called when something has come. */
  readonly onProgress: () => void;
  /** The id here of a logged model of the source; null where it has not come. */
  readonly modelId: (sourceId: string) => string | null;
}

/** Where a run goes. */
export interface RunPlace {
  readonly runId: string;
  readonly experimentId: string;
}

/** Brings what of a run is not there yet. The run is running meanwhile, whatever it was before. */
export async function writeRun(
  writer: RunWriter,
  found: FoundRun,
  run: SourceRun,
  place: RunPlace,
): Promise<void> {
  const { target } = writer;
  const stored = await target.stored(place.runId);
  const facts = { params: run.params, tags: run.tags, stored, where: found.label };
  await writeFacts(writer, 'params', facts, (some) => target.logParams(place.runId, some));
  await writeFacts(writer, 'tags', facts, (some) => target.setTags(place.runId, some));
  for (const dataset of run.datasets)
    await attempt(writer, 'datasets', `${found.label}: ${dataset.dataset.name}`, () =>
      target.logDataset(place.runId, dataset),
    );
  await new PointWriter(writer, found, place.runId, stored.points).write(run.points());
  await writeFiles(writer, run.files(), { ...place, owner: place.runId, where: found.label }, stored.files);
}

export async function writeFiles(
  writer: Pick<RunWriter, 'target' | 'tally' | 'onProgress'>,
  files: AsyncIterable<SourceFile>,
  {
    experimentId,
    owner,
    where,
  }: { readonly experimentId: string; readonly owner: string; readonly where: string },
  stored: Stored['files'],
): Promise<void> {
  const { target, tally, onProgress } = writer;
  for await (const file of files) {
    if (file.sizeBytes !== null && stored.get(file.path) === file.sizeBytes) tally.wasThere('files');
    else
      await attempt(writer, 'files', `${where}: ${file.path}`, async () => {
        tally.add('bytes', await target.putFile(experimentId, owner, file));
      });
    onProgress();
  }
}

interface Facts {
  readonly params: readonly KeyValue[];
  readonly tags: readonly KeyValue[];
  readonly stored: Stored;
  readonly where: string;
}

/** Params or tags, many at a time; where one is refused, one by one, so that the others come. */
async function writeFacts(
  writer: RunWriter,
  what: 'params' | 'tags',
  { stored, where, ...facts }: Facts,
  send: (facts: readonly KeyValue[]) => Promise<void>,
): Promise<void> {
  const all = factsThatFit(what, facts[what], writer.tally, where);
  const fitting = all.filter(({ key, value }) => stored[what].get(key) !== value);
  writer.tally.wasThere(what, all.length - fitting.length);
  for (let at = 0; at < fitting.length; at += MAX_FACTS) {
    const some = fitting.slice(at, at + MAX_FACTS);
    try {
      await send(some);
      writer.tally.add(what, some.length);
    } catch (error) {
      if (!(error instanceof MlflowRefusal)) throw error;
      for (const one of some) await attempt(writer, what, `${where}: ${one.key}`, () => send([one]));
    }
  }
}

/** One thing: it comes, or the refusal is counted. A server that is away ends the import. */
async function attempt(
  { tally }: Pick<RunWriter, 'tally'>,
  what: 'params' | 'tags' | 'datasets' | 'files',
  where: string,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
    tally.add(what);
  } catch (error) {
    if (!(error instanceof MlflowRefusal)) throw error;
    tally.fail(what, error.message, where);
  }
}

/** Sends points in their order. What the server has of a metric are the first ones: those are passed over. */
class PointWriter {
  private readonly passed = new Map<string, number>();
  private batch: SourcePoint[] = [];
  private keys = new Set<string>();
  private isMeasured = false;
  /** The batch's last point: its metric, and how many of that metric there are with it. */
  private last = { key: '', place: 0 };
  /** How many points of the run are there, or were sent. */
  private at = 0;

  constructor(
    private readonly writer: RunWriter,
    private readonly found: FoundRun,
    private readonly runId: string,
    private readonly stored: Stored['points'],
  ) {}

  async write(points: AsyncIterable<readonly SourcePoint[]>): Promise<void> {
    for await (const some of points) for (const point of some) await this.add(point);
    await this.flush();
  }

  private async add(given: SourcePoint): Promise<void> {
    const { tally } = this.writer;
    const fault = pointFault(given);
    if (fault !== null) return tally.fail('points', fault, `${this.found.label}: ${given.key.slice(0, 100)}`);
    const passed = (this.passed.get(given.key) ?? 0) + 1;
    this.passed.set(given.key, passed);
    if (passed <= (this.stored.get(given.key) ?? 0)) {
      this.at += 1;
      return tally.wasThere('points');
    }
    const point = this.measured(given);
    const isMeasured = point.model !== undefined;
    const isFull = this.batch.length >= (this.isMeasured ? MAX_MEASURED : MAX_POINTS);
    const isOneMoreKey = this.keys.size >= MAX_KEYS && !this.keys.has(point.key);
    if (isMeasured !== this.isMeasured || isFull || isOneMoreKey) await this.flush();
    this.isMeasured = isMeasured;
    this.keys.add(point.key);
    this.batch.push(point);
    this.last = { key: point.key, place: passed };
  }

  /** A point of a model that has not come is one of the run. */
  private measured({ model, ...point }: SourcePoint): SourcePoint {
    const id = model && this.writer.modelId(model.id);
    return model && id ? { ...point, model: { ...model, id } } : point;
  }

  private async flush(): Promise<void> {
    const { batch, isMeasured, last } = this;
    if (batch.length === 0) return;
    this.batch = [];
    this.keys = new Set();
    const { target, tally, onProgress } = this.writer;
    try {
      if (isMeasured) await this.sendMeasured(batch, last);
      else await target.logPoints(this.runId, this.found.key, this.at, batch);
      tally.add('points', batch.length);
    } catch (error) {
      if (!(error instanceof MlflowRefusal)) throw error;
      tally.fail('points', error.message, this.found.label, batch.length);
    }
    this.at += batch.length;
    onProgress();
  }

  /** A call has no key against doubling; it is kept whole or not at all, so its last point tells whether it arrived. */
  private sendMeasured(batch: readonly SourcePoint[], last: PointWriter['last']): Promise<true> {
    const { target } = this.writer;
    return target.once(
      async () => ((await target.stored(this.runId)).points.get(last.key) ?? 0) >= last.place || null,
      async () => {
        await target.logMeasured(this.runId, batch);
        return true as const;
      },
    );
  }
}
