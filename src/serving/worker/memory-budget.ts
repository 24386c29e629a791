const MEBIBYTE = 1024 * 1024;

/**
 * Share of the machine's memory that all workers together may take by default; the rest is the server's and the
 * system's.
 */
const SHARE_OF_MACHINE = 0.75;

/** Least that a worker may take by default, in bytes: below it hardly a model fits beside the runtime. */
const LEAST_BUDGET_BYTES = 512 * MEBIBYTE;

/**
 * Memory that loading takes, as a multiple of the file's size: its bytes, the runtime's copy of them, and the session
 * (measured: 3.0 for 50 and 200 MB of weights). The session alone, which stays, takes 1.1.
 */
const LOADING_FACTOR = 3;

/** @param memoryBytes of the machine, or of the part of it that is ours */
export const defaultBudgetBytes = (memoryBytes: number, workers: number): number =>
  Math.max(LEAST_BUDGET_BYTES, Math.floor((SHARE_OF_MACHINE * memoryBytes) / workers));

/** Bytes that must be free before a model is loaded. @param knownBytes what it took elsewhere; 0: nobody knows */
export const bytesToLoad = (fileBytes: number, knownBytes: number): number =>
  Math.max(LOADING_FACTOR * fileBytes, knownBytes);

/** Sessions of one worker, however small: each keeps statistics, arenas and file names of its own. */
export const MAX_SESSIONS = 64;

/** What endpoints do with a model. They have run until a moment ago what is `draining`: some may wait for it still. */
export type Use = 'none' | 'draining' | 'running';

/** A model in a worker's memory. */
export interface Resident {
  readonly sha256: string;
  readonly bytes: number;
  readonly use: Use;
  /** Whether another worker that is up holds it, too. */
  readonly isCopied: boolean;
  /** Whether it was loaded here lately, or asked, of whichever worker: calm traffic goes to the first that holds it. */
  readonly isFresh: boolean;
}

/**
 * Whether others can answer for a model, so that it need not be had here: some `hold` it, or are to have it in a
 * moment.
 */
export type Elsewhere = 'held' | 'coming' | 'nowhere';

/** What there is to decide from when a model is to be loaded. */
export interface Demand {
  readonly sha256: string;
  readonly bytes: number;
  readonly use: Use;
  readonly elsewhere: Elsewhere;
  /** Whether it was asked lately. */
  readonly isAsked: boolean;
  /** Least recently used first; none of them runs. */
  readonly residents: readonly Resident[];
  readonly budgetBytes: number;
  /** By the worker as it is, with its residents. */
  readonly usedBytes: number;
}

/** Which models to let go of, in order, so that another one has room; undefined where not even that is enough. */
export function evictionsFor(demand: Demand): readonly Resident[] | undefined {
  const { residents, budgetBytes, usedBytes } = demand;
  const evicted: Resident[] = [];
  let freeBytes = budgetBytes - usedBytes;
  let freeSessions = MAX_SESSIONS - residents.length;
  for (const resident of candidates(demand)) {
    if (freeBytes >= demand.bytes && freeSessions >= 1) break;
    evicted.push(resident);
    freeBytes += resident.bytes;
    freeSessions++;
  }
  return freeBytes >= demand.bytes && freeSessions >= 1 ? evicted : undefined;
}

/** Whether `evictionsFor` finds enough: asked often, and of many workers, so it puts nothing in order. */
export function hasRoom(demand: Demand): boolean {
  let freeBytes = demand.budgetBytes - demand.usedBytes;
  let freeSessions = MAX_SESSIONS - demand.residents.length;
  for (const resident of demand.residents) {
    if (freeBytes >= demand.bytes && freeSessions >= 1) break;
    if (!mayGo(resident, demand)) continue;
    freeBytes += resident.bytes;
    freeSessions++;
  }
  return freeBytes >= demand.bytes && freeSessions >= 1;
}

/** What is lost by the evictions that a demand needs, from 0, which is nothing; Infinity where they are not enough. */
export function harmBy(demand: Demand): number {
  const evicted = evictionsFor(demand);
  return evicted === undefined ? Infinity : Math.max(0, ...evicted.map(harmOf));
}

/** Who may have to go, the first one first. */
const candidates = (demand: Demand): readonly Resident[] =>
  demand.residents
    .filter((resident) => mayGo(resident, demand))
    .sort((one, other) => harmOf(one) - harmOf(other));

/**
 * What endpoints run goes only for what they run. Where others can answer for that, nobody loses what is answered by
 * this worker alone, or what takes its share of the traffic: unless nobody has asked it lately, and the other was asked.
 */
function mayGo(resident: Resident, { use, elsewhere, isAsked }: Demand): boolean {
  if (resident.use === 'none') return true;
  if (use === 'none') return false;
  switch (elsewhere) {
    case 'nowhere':
      return true;
    case 'coming':
      return resident.isCopied;
    case 'held':
      return (resident.isCopied && resident.use === 'draining') || (isAsked && !resident.isFresh);
  }
}

/** By use and copies, and among equals by whether it is fresh. */
function harmOf({ use, isCopied, isFresh }: Resident): number {
  const isRunning = use === 'running' ? 1 : 0;
  const rank = use === 'none' ? 0 : isCopied ? 1 + isRunning : 3 + isRunning;
  return 1 + rank + (isFresh ? 0.5 : 0);
}

/** Why there was no room, in figures that whoever sets the budget can use. */
export function noRoom(demand: Demand): string {
  const { bytes, residents, budgetBytes, usedBytes } = demand;
  const going = candidates(demand);
  const keptBytes = going.reduce((sum, resident) => sum - resident.bytes, usedBytes);
  const kept = residents.length - going.length;
  const models = kept === 0 ? '' : ` and ${kept} models that endpoints run`;
  return `The model needs ${megabytes(bytes)} while it is loaded. A worker may take ${megabytes(budgetBytes)} (ONNX_WORKER_MEMORY_MB) and hold ${MAX_SESSIONS} models; ${megabytes(keptBytes)} belong to the runtime${models}.`;
}

/** A size for people. */
const megabytes = (bytes: number): string => `${Math.max(0, Math.round(bytes / MEBIBYTE))} MB`;
