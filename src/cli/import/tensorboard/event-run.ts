import { Readable } from 'node:stream';
import type { KeyValue } from '../../../client/operations/runs';
import { digestOf, importKey } from '../import-key';
import type { FoundRun, SourceFile, SourcePoint, SourceRun } from '../source-run';
import type { Tally } from '../tally';
import { readEvent, type SummaryValue, type TbEvent } from './event';
import { readHParams, type HParams } from './hparams';
import type { LogFolder } from './log-folder';
import { MAX_VALUES } from './tensor-value';
import { recordsIn, type RecordFault } from './tf-record';

const LONG_TEXT = `A text has at most ${MAX_VALUES} parts.`;
/** Why what is not a scalar stays behind. */
const NO_PLACE = 'Only scalars, hparams and the last text of each tag have a place in a run.';

const FAULTS: Readonly<Record<RecordFault['kind'], string>> = {
  'damaged record': 'The checksum of a record is wrong: it was passed over.',
  'damaged file': 'The checksum of a length is wrong: what follows in the file cannot be found.',
  'cut off': 'The file ends in the middle of a record: its writer was stopped, or still writes.',
  'too long': 'A record has more than 64 MiB, which no scalar has: it was passed over.',
};

/** What a run's event files say, besides its points. */
interface Facts {
  isEmpty: boolean;
  firstMs: number;
  lastMs: number;
  hparams: HParams[];
  readonly texts: Map<string, string>;
}

export interface EventSource {
  readonly experiment: string;
  /** Where the folder is, for people. */
  readonly from: string;
  readonly tally: Tally;
}

/** A folder of event files as a run. */
export function eventRun(folder: LogFolder, source: EventSource): FoundRun {
  return {
    key: importKey('tensorboard', digestOf(folder.name, folder.files[0]?.name ?? '')),
    label: folder.name,
    mark: digestOf(...folder.files.map(({ name, sizeBytes }) => `${name}:${sizeBytes}`)),
    isDeleted: false,
    read: () => readRun(folder, source),
  };
}

/** The files are read twice, a chunk at a time: for what the run is, and for its points. */
async function readRun(
  folder: LogFolder,
  { experiment, from, tally }: EventSource,
): Promise<SourceRun | null> {
  const facts: Facts = { isEmpty: true, firstMs: Infinity, lastMs: -Infinity, hparams: [], texts: new Map() };
  const tags = new TagKinds();
  for await (const event of eventsIn(folder, tally)) learn(facts, event, tags, tally, folder.name);
  if (facts.isEmpty) return null;
  const merged = Object.assign({}, ...facts.hparams.map(known)) as Partial<HParams>;
  return {
    id: folder.name,
    experiment,
    name: folder.name === '.' ? null : folder.name,
    startedAtMs: merged.startedAtMs ?? timeOf(facts.firstMs),
    endedAtMs: merged.endedAtMs ?? timeOf(facts.lastMs),
    status: merged.status === 'FAILED' ? 'FAILED' : 'FINISHED',
    ...{ userId: null, datasets: [], inputModels: [], parent: null },
    params: merged.params ?? [],
    tags: [{ key: 'modelgraph.imported.from', value: from }, ...tagsOf(facts, merged)],
    points: () => pointsIn(folder),
    files: noFiles,
  };
}

/** 1970 where no event says when it was. */
const timeOf = (ms: number): number => (Number.isFinite(ms) ? ms : 0);

/** What is said by one of several summaries of the plugin: the start of a session comes before its end. */
const known = (hparams: HParams): Partial<HParams> =>
  Object.fromEntries(
    Object.entries(hparams).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  );

function learn(facts: Facts, event: TbEvent, tags: TagKinds, tally: Tally, where: string): void {
  const ms = Math.round(event.wallTime * 1_000);
  facts.isEmpty = false;
  if (Number.isFinite(ms)) {
    facts.firstMs = Math.min(facts.firstMs, ms);
    facts.lastMs = Math.max(facts.lastMs, ms);
  }
  if (event.other !== null) tally.leaveOut(event.other, NO_PLACE, where);
  for (const value of event.values) {
    const kind = tags.kindOf(value);
    if (kind === 'hparams') {
      const hparams = value.pluginContent && hparamsIn(value.pluginContent);
      if (hparams) facts.hparams.push(hparams);
      else
        tally.fail(
          'hparams',
          'They are not in the form that TensorBoard has for them.',
          `${where}: ${value.tag}`,
        );
    } else if (kind === 'text') {
      const { texts = [], size = 0 } = value.tensor ?? {};
      if (size > texts.length) tally.leaveOut('ends of long texts', LONG_TEXT, `${where}: ${value.tag}`);
      if (facts.texts.has(value.tag))
        tally.leaveOut('earlier texts of a tag', NO_PLACE, `${where}: ${value.tag}`);
      facts.texts.set(value.tag, texts.join('\n\n'));
    } else if (kind !== 'scalars') tally.leaveOut(kind, NO_PLACE, `${where}: ${value.tag}`);
    else if (numberIn(value) === null) tally.leaveOut('tensors', NO_PLACE, `${where}: ${value.tag}`);
  }
}

function tagsOf({ texts }: Facts, { group }: Partial<HParams>): readonly KeyValue[] {
  const ofGroup = group ? [{ key: 'tensorboard.group', value: group }] : [];
  return [...ofGroup, ...[...texts].map(([tag, value]) => ({ key: `tensorboard.text.${tag}`, value }))];
}

/** Which plugin shows a tag: the first value says it, the later ones do not. */
class TagKinds {
  private readonly plugins = new Map<string, string>();

  kindOf(value: SummaryValue): string {
    if (value.plugin !== null && !this.plugins.has(value.tag)) this.plugins.set(value.tag, value.plugin);
    if (value.number !== null) return 'scalars';
    return value.kind ?? this.plugins.get(value.tag) ?? 'tensors';
  }
}

async function* pointsIn(folder: LogFolder): AsyncGenerator<readonly SourcePoint[]> {
  const tags = new TagKinds();
  for await (const { wallTime, step, values } of eventsIn(folder, null)) {
    const scalars = values.filter((value) => tags.kindOf(value) === 'scalars');
    const timestampMs = Math.round(wallTime * 1_000);
    const points = scalars.flatMap((value) => {
      const number = numberIn(value);
      return number === null ? [] : [{ key: value.tag, step, value: number, timestampMs }];
    });
    if (points.length > 0) yield points;
  }
}

/** Null where it is no scalar. */
function numberIn({ number, tensor }: SummaryValue): number | null {
  if (number !== null) return number;
  return tensor?.size === 1 && tensor.number !== null ? Number(tensor.number) : null;
}

/** @param tally null where faults have been told before */
async function* eventsIn({ name, files }: LogFolder, tally: Tally | null): AsyncGenerator<TbEvent> {
  for (const file of files)
    for await (const { contents, faults } of recordsIn(file.path)) {
      for (const content of contents) {
        const event = eventIn(content);
        if (event) yield event;
        else tally?.fail('event files', 'A record is no event: it was passed over.', file.path);
      }
      for (const { kind, at } of faults) {
        const what = kind === 'too long' ? 'long records' : 'event files';
        const where = `${name}/${file.name} at byte ${at}`;
        if (kind === 'damaged record' || kind === 'damaged file') tally?.fail(what, FAULTS[kind], where);
        else tally?.leaveOut(what, FAULTS[kind], where);
      }
    }
}

function eventIn(content: Buffer): TbEvent | null {
  try {
    return readEvent(content);
  } catch {
    return null; // whole by its checksum, and yet written by nobody who knows the format
  }
}

function hparamsIn(content: Uint8Array): HParams | null {
  try {
    return readHParams(content);
  } catch {
    return null;
  }
}

const noFiles = (): AsyncIterable<SourceFile> => Readable.from([]);
