import { readMessage } from '../protobuf-fields';

/** A value under a name of several parts, as JSON; what JSON lacks (`NaN`, `Infinity`) is written as Python does. */
export interface JsonItem {
  readonly path: readonly string[];
  readonly json: string;
}

export interface WandbRun {
  readonly id: string;
  readonly entity: string;
  readonly project: string;
  readonly group: string;
  readonly jobType: string;
  readonly displayName: string;
  readonly notes: string;
  readonly tags: readonly string[];
  readonly sweepId: string;
  readonly host: string;
  /** ms since 1970; null where it is not said. */
  readonly startedAtMs: number | null;
  readonly config: readonly JsonItem[];
  readonly removed: readonly (readonly string[])[];
  readonly repository: string;
  readonly commit: string;
}

/** What a record of W&B's log tells, of what is read here. */
export type WandbRecord =
  | { readonly kind: 'run'; readonly run: WandbRun }
  | { readonly kind: 'history'; readonly items: readonly JsonItem[]; readonly step: bigint | null }
  | {
      readonly kind: 'config' | 'summary';
      readonly items: readonly JsonItem[];
      readonly removed: readonly (readonly string[])[];
    }
  | { readonly kind: 'stats'; readonly items: readonly JsonItem[]; readonly atMs: number | null }
  | { readonly kind: 'exit'; readonly exitCode: number; readonly runtimeS: number }
  | {
      readonly kind: 'environment';
      readonly program: string;
      readonly user: string;
      readonly repository: string;
      readonly commit: string;
    }
  | { readonly kind: 'artifact' | 'alert' | 'output' | 'tensorboard' | 'other' };

/** Throws where the bytes are no record. */
export function readWandbRecord(bytes: Uint8Array): WandbRecord {
  let record: WandbRecord = { kind: 'other' };
  readMessage(bytes, (field, reader) => {
    const read = RECORDS.get(field);
    if (!read) return false;
    record = read(reader.bytes());
    return true;
  });
  return record;
}

/** Fields of `wandb_internal.Record`. */
const RECORDS = new Map<number, (bytes: Uint8Array) => WandbRecord>([
  [2, readHistory],
  [3, (bytes) => ({ kind: 'summary', ...readItems(bytes) })],
  [4, () => ({ kind: 'output' })],
  [5, (bytes) => ({ kind: 'config', ...readItems(bytes) })],
  [7, readStats],
  [8, () => ({ kind: 'artifact' })],
  [9, () => ({ kind: 'tensorboard' })],
  [10, () => ({ kind: 'alert' })],
  [13, () => ({ kind: 'output' })],
  [17, (bytes) => ({ kind: 'run', run: readRun(bytes) })],
  [18, readExit],
  [25, () => ({ kind: 'artifact' })],
  [26, readEnvironment],
]);

function readHistory(bytes: Uint8Array): WandbRecord {
  const items: JsonItem[] = [];
  let step: bigint | null = null;
  readMessage(bytes, (field, reader) => {
    if (field === 1) items.push(readItem(reader.bytes()));
    else if (field === 2) step = readNumber(reader.bytes(), 1);
    else return false;
    return true;
  });
  return { kind: 'history', items, step };
}

/** `ConfigRecord` and `SummaryRecord`: what is put, and what is taken away. */
function readItems(bytes: Uint8Array) {
  const items: JsonItem[] = [];
  const removed: (readonly string[])[] = [];
  readMessage(bytes, (field, reader) => {
    if (field === 1) items.push(readItem(reader.bytes()));
    else if (field === 2) removed.push(readItem(reader.bytes()).path);
    else return false;
    return true;
  });
  return { items, removed };
}

function readItem(bytes: Uint8Array): JsonItem {
  const path: string[] = [];
  let key = '';
  let json = '';
  readMessage(bytes, (field, reader) => {
    if (field === 1) key = reader.string();
    else if (field === 2) path.push(reader.string());
    else if (field === 16) json = reader.string();
    else return false;
    return true;
  });
  return { path: path.length > 0 ? path : [key], json };
}

function readStats(bytes: Uint8Array): WandbRecord {
  const items: JsonItem[] = [];
  let atMs: number | null = null;
  readMessage(bytes, (field, reader) => {
    if (field === 2) atMs = readTimestamp(reader.bytes());
    else if (field === 3) items.push(readItem(reader.bytes()));
    else return false;
    return true;
  });
  return { kind: 'stats', items, atMs };
}

function readExit(bytes: Uint8Array): WandbRecord {
  let exitCode = 0;
  let runtimeS = 0;
  readMessage(bytes, (field, reader) => {
    if (field === 1) exitCode = reader.int32();
    else if (field === 2) runtimeS = reader.int32();
    else return false;
    return true;
  });
  return { kind: 'exit', exitCode, runtimeS };
}

function readRun(bytes: Uint8Array): WandbRun {
  const texts = new Map<number, string>();
  const tags: string[] = [];
  let startedAtMs: number | null = null;
  let config: ReturnType<typeof readItems> = { items: [], removed: [] };
  let git: Git = { repository: '', commit: '' };
  readMessage(bytes, (field, reader) => {
    if (TEXTS_OF_RUN.has(field)) texts.set(field, reader.string());
    else if (field === 10) tags.push(reader.string());
    else if (field === 4) config = readItems(reader.bytes());
    else if (field === 17) startedAtMs = readTimestamp(reader.bytes());
    else if (field === 21) git = readGit(reader.bytes());
    else return false;
    return true;
  });
  const text = (field: number) => texts.get(field) ?? '';
  return {
    ...{ id: text(1), entity: text(2), project: text(3), group: text(6), jobType: text(7) },
    ...{ displayName: text(8), notes: text(9), sweepId: text(12), host: text(13) },
    ...{ tags, startedAtMs, config: config.items, removed: config.removed, ...git },
  };
}

const TEXTS_OF_RUN = new Set([1, 2, 3, 6, 7, 8, 9, 12, 13]);

function readEnvironment(bytes: Uint8Array): WandbRecord {
  const texts = new Map<number, string>();
  let git: Git = { repository: '', commit: '' };
  readMessage(bytes, (field, reader) => {
    if (field === 6 || field === 10 || field === 13) texts.set(field, reader.string());
    else if (field === 9) git = readGit(reader.bytes());
    else return false;
    return true;
  });
  const user = texts.get(13) ?? texts.get(10) ?? '';
  return { kind: 'environment', program: texts.get(6) ?? '', user, ...git };
}

interface Git {
  readonly repository: string;
  readonly commit: string;
}
function readGit(bytes: Uint8Array): Git {
  let repository = '';
  let commit = '';
  readMessage(bytes, (field, reader) => {
    if (field === 1) repository = reader.string();
    else if (field === 2) commit = reader.string();
    else return false;
    return true;
  });
  return { repository, commit };
}

/** `google.protobuf.Timestamp` as ms since 1970. */
function readTimestamp(bytes: Uint8Array): number {
  const seconds = readNumber(bytes, 1) ?? 0n;
  const nanos = readNumber(bytes, 2) ?? 0n;
  return Math.round(Number(seconds) * 1_000 + Number(nanos) / 1e6);
}

/** A field that is a whole number; null where it is not there, as zero is written. */
function readNumber(bytes: Uint8Array, wanted: number): bigint | null {
  let number: bigint | null = null;
  readMessage(bytes, (field, reader) => {
    if (field !== wanted) return false;
    number = BigInt(reader.int64());
    return true;
  });
  return number;
}
