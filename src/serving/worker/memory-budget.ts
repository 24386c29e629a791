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

/** A model in a worker's memory. */
export interface Resident {
  readonly sha256: string;
  readonly bytes: number;
  /** Endpoints run it, so it goes only where another that endpoints run would have no room. */
  readonly leased: boolean;
}

/** What there is to decide from when a model is to be loaded. */
export interface Demand {
  readonly bytes: number;
  readonly leased: boolean;
  /** Least recently used first; none of them runs. */
  readonly residents: readonly Resident[];
  readonly budgetBytes: number;
  /** By the worker as it is, with its residents. */
  readonly usedBytes: number;
}

/** Which models to let go of, in order, so that another one has room; undefined where not even that is enough. */
export function evictionsFor(demand: Demand): readonly string[] | undefined {
  const { residents, budgetBytes, usedBytes } = demand;
  const evicted: string[] = [];
  let freeBytes = budgetBytes - usedBytes;
  let freeSessions = MAX_SESSIONS - residents.length;
  for (const { sha256, bytes } of candidates(demand)) {
    if (freeBytes >= demand.bytes && freeSessions >= 1) break;
    evicted.push(sha256);
    freeBytes += bytes;
    freeSessions++;
  }
  return freeBytes >= demand.bytes && freeSessions >= 1 ? evicted : undefined;
}

/** Who may have to go, the first one first. */
function candidates({ leased, residents }: Demand): readonly Resident[] {
  const others = residents.filter((resident) => !resident.leased);
  return leased ? [...others, ...residents.filter((resident) => resident.leased)] : others;
}

/** Why there was no room, in figures that whoever sets the budget can use. */
export function noRoom(demand: Demand): string {
  const { bytes, leased, residents, budgetBytes, usedBytes } = demand;
  const keptBytes = candidates(demand).reduce((sum, resident) => sum - resident.bytes, usedBytes);
  const kept = leased ? 0 : residents.filter((resident) => resident.leased).length;
  const models = kept === 0 ? '' : ` and ${kept} models that endpoints run`;
  return `The model needs ${megabytes(bytes)} while it is loaded. A worker may take ${megabytes(budgetBytes)} (ONNX_WORKER_MEMORY_MB) and hold ${MAX_SESSIONS} models; ${megabytes(keptBytes)} belong to the runtime${models}.`;
}

/** A size for people. */
const megabytes = (bytes: number): string => `${Math.max(0, Math.round(bytes / MEBIBYTE))} MB`;
