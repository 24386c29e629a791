import { basename, join } from 'node:path';
import type { KeyValue } from '../../../client/operations/runs';
import { isFileError } from '../file-error';
import { digestOf, importKey } from '../import-key';
import { filesBelow, type LinkRule } from '../local-file';
import type { FoundRun, SourceFile, SourcePoint, SourceRun } from '../source-run';
import type { Tally } from '../tally';
import { logRecordsIn, type LogFault } from './log-blocks';
import type { OfflineFolder } from './offline-folder';
import { OfflineFacts } from './offline-facts';
import { readWandbRecord, type JsonItem, type WandbRecord } from './wandb-record';
import { namedValues, type NamedValue } from './wandb-values';

const FAULTS: Readonly<Record<LogFault['kind'], string>> = {
  damaged: 'A checksum is wrong: records were passed over.',
  'cut off': 'The log ends in the middle of a record: its writer was stopped, or still writes.',
  'too long': 'A record has more than 64 MiB: it was passed over.',
  'no log': 'The file is no log of W&B’s.',
};

/** The runs of some folders: those of one project and one id are goes of one run. */
export async function offlineRuns(
  folders: readonly OfflineFolder[],
  rule: LinkRule,
): Promise<readonly FoundRun[]> {
  const byName = new Map<string, OfflineFolder[]>();
  for (const folder of folders) {
    const project = await projectOf(folder, rule.tally);
    if (project === null) continue;
    const name = `${project}.${folder.runId}`;
    byName.set(name, [...(byName.get(name) ?? []), folder]);
  }
  return [...byName].map(([name, ofRun]) => offlineRun(name, ofRun, rule));
}

/** It stands near the beginning of the log; empty where it is not said, null where the log cannot be read. */
async function projectOf(folder: OfflineFolder, tally: Tally): Promise<string | null> {
  try {
    for await (const { record } of recordsOf([folder], null))
      if (record.kind === 'run') return record.run.project;
    return '';
  } catch (error) {
    if (!isFileError(error)) throw error;
    tally.fail('runs', error.message, folder.logFile);
    return null;
  }
}

/** @param folders in order of time */
function offlineRun(name: string, folders: readonly OfflineFolder[], rule: LinkRule): FoundRun {
  return {
    key: importKey('wandb', name),
    label: folders.map(({ folder }) => basename(folder)).join(', '),
    mark: digestOf(...folders.map(({ folder, sizeBytes }) => `${basename(folder)}:${sizeBytes}`)),
    isDeleted: false,
    read: () => readRun(folders, rule),
  };
}

/** The logs are read twice, a chunk at a time: for what the run is, and for its points. */
async function readRun(folders: readonly OfflineFolder[], rule: LinkRule): Promise<SourceRun | null> {
  const { tally } = rule;
  const facts = new OfflineFacts();
  for await (const { record, where } of recordsOf(folders, tally)) {
    facts.learn(record);
    tellLeftOut(record, where, tally);
  }
  const { run } = facts;
  if (!run) {
    const where = folders.map(({ logFile }) => logFile).join(', ');
    tally.fail('runs', 'Nothing in the log says what the run is.', where);
    return null;
  }
  const where = run.displayName || run.id;
  for (const { name, what } of facts.summaryRest)
    tally.leaveOut(`${what} in summaries`, NO_TEXT, `${where}: ${name}`);
  const ends = facts.endedAtMs;
  if (!facts.hasEnded)
    tally.leaveOut('ends of runs', 'The log has none, so the runs are said to be KILLED.', where);
  return {
    id: run.id,
    experiment: run.project || 'uncategorized',
    name: run.displayName || run.id,
    startedAtMs: facts.startedAtMs,
    endedAtMs: ends,
    status: facts.status,
    userId: facts.user || null,
    params: facts.params,
    tags: tagsOf(facts, folders),
    ...{ datasets: [], inputModels: [], parent: null },
    points: () => pointsOf(folders, facts),
    files: () => filesOf(folders, rule),
  };
}

function tagsOf(facts: OfflineFacts, folders: readonly OfflineFolder[]): readonly KeyValue[] {
  const { run } = facts;
  const said = [
    ['modelgraph.imported.from', folders.map(({ logFile }) => logFile).join(', ')],
    ['wandb.run_id', run?.id],
    ['wandb.entity', run?.entity],
    ['wandb.group', run?.group],
    ['wandb.job_type', run?.jobType],
    ['wandb.sweep', run?.sweepId],
    ['wandb.host', run?.host],
    ['mlflow.note.content', run?.notes],
    ['mlflow.source.name', facts.program],
    ['mlflow.source.git.repoURL', facts.repository],
    ['mlflow.source.git.commit', facts.commit],
    ...(run?.tags ?? []).map((tag) => [`wandb.tag.${tag}`, 'true']),
    ...[...facts.summaryTexts].map(([key, value]) => [`wandb.summary.${key}`, value]),
  ];
  return said.flatMap(([key, value]) => (key && value ? [{ key, value }] : []));
}

const NO_TEXT = 'A metric is a number, and a tag a text; what files they have come as files.';
/** Records that are told of, and no more. */
const NO_PLACE = {
  artifact: { what: 'W&B artifacts', why: 'Their bytes are not among the run’s files.' },
  alert: { what: 'alerts', why: 'They have no place in a run.' },
  output: { what: 'lines of output', why: 'They come where W&B has written them to a file.' },
  tensorboard: { what: 'logs of TensorBoard', why: '`import tensorboard` brings them.' },
} as const;
const OWN_METRIC = /^_(?:step|runtime|timestamp|wandb)\b/;
const isHidden = (name: string): boolean => name.startsWith('_');

/** What has no place is told once, where it is read for the first time. */
function tellLeftOut(record: WandbRecord, where: string, tally: Tally): void {
  if (record.kind in NO_PLACE) {
    const { what, why } = NO_PLACE[record.kind as keyof typeof NO_PLACE];
    tally.leaveOut(what, why, where);
  } else if (record.kind === 'history')
    for (const value of namedValues(record.items)) {
      const place = `${where}: ${value.name}`;
      if (value.kind === 'media')
        tally.leaveOut(
          `${value.type} in history`,
          'They are no numbers; what files they have come as files.',
          place,
        );
      else if (value.kind !== 'number')
        tally.leaveOut('texts and lists in history', 'A metric is a number.', place);
      else if (isHidden(value.name) && !OWN_METRIC.test(value.name))
        tally.leaveOut('hidden metrics', 'Their names begin with _, as those of W&B’s own.', place);
    }
}

async function* pointsOf(
  folders: readonly OfflineFolder[],
  facts: OfflineFacts,
): AsyncGenerator<readonly SourcePoint[]> {
  const samples = new Map<string, number>();
  for await (const { record } of recordsOf(folders, null)) {
    if (record.kind === 'history') yield historyPoints(record, facts.startedAtMs);
    else if (record.kind === 'stats')
      yield systemPoints(record.items, record.atMs ?? facts.startedAtMs, samples);
  }
  yield facts.summaryPoints();
}

/** What was logged together: W&B's own names begin with `_`. */
function historyPoints(
  { items, step }: Extract<WandbRecord, { kind: 'history' }>,
  startedAtMs: number,
): readonly SourcePoint[] {
  const values = namedValues(items).filter(isNumber);
  const own = new Map(values.filter(({ name }) => isHidden(name)).map(({ name, value }) => [name, value]));
  const seconds = own.get('_timestamp');
  const timestampMs = seconds === undefined ? startedAtMs : Math.round(seconds * 1_000);
  const at = step ?? BigInt(Math.trunc(own.get('_step') ?? 0));
  return values
    .filter(({ name }) => !isHidden(name))
    .map(({ name, value }) => ({ key: name, value, step: at, timestampMs }));
}

/** Samples of the machine, numbered from 0, as other trainings' are. */
function systemPoints(
  items: readonly JsonItem[],
  timestampMs: number,
  samples: Map<string, number>,
): readonly SourcePoint[] {
  return namedValues(items)
    .filter(isNumber)
    .map(({ name, value }) => {
      const step = samples.get(name) ?? 0;
      samples.set(name, step + 1);
      return { key: `system/${name}`, value, step, timestampMs };
    });
}

const isNumber = (value: NamedValue): value is Extract<NamedValue, { kind: 'number' }> =>
  value.kind === 'number';

/** A run that was resumed has one file under each path: the last go's. Others are counted. */
async function* filesOf(folders: readonly OfflineFolder[], rule: LinkRule): AsyncGenerator<SourceFile> {
  const seen = new Set<string>();
  for (const { folder } of [...folders].reverse())
    for await (const file of filesBelow(join(folder, 'files'), rule)) {
      if (seen.has(file.path))
        rule.tally.leaveOut(
          'files of earlier goes',
          'A run has one under each path: the last.',
          join(folder, file.path),
        );
      else yield file;
      seen.add(file.path);
    }
}

/** @param tally null where faults have been told before */
async function* recordsOf(
  folders: readonly OfflineFolder[],
  tally: Tally | null,
): AsyncGenerator<{ readonly record: WandbRecord; readonly where: string }> {
  for (const { logFile } of folders)
    for await (const { contents, faults } of logRecordsIn(logFile)) {
      for (const content of contents) {
        const record = recordIn(content);
        if (record) yield { record, where: basename(logFile) };
        else tally?.fail('logs', 'A record is none of W&B’s: it was passed over.', logFile);
      }
      for (const { kind, at } of faults) {
        const where = `${logFile} at byte ${at}`;
        if (kind === 'cut off') tally?.leaveOut('ends of logs', FAULTS[kind], where);
        else tally?.fail('logs', FAULTS[kind], where);
      }
    }
}

function recordIn(content: Buffer): WandbRecord | null {
  try {
    return readWandbRecord(content);
  } catch {
    return null; // whole by its checksum, and yet written by nobody who knows the format
  }
}
