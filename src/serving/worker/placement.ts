import { hash } from 'node:crypto';
import { bytesToLoad } from './memory-budget';

/** A worker process as far as placing models on it goes. */
export interface Place {
  /** What all `api` processes call it. */
  readonly name: string;
  /** What models may take of it. */
  readonly budgetBytes: number;
}

/** A model that endpoints run. */
export interface PlacedModel {
  readonly sha256: string;
  /** What it takes once it is there. */
  readonly bytes: number;
  /** What it takes while it is loaded. */
  readonly peakBytes: number;
  /** Workers that are to hold it, at most; absent: all that have room. */
  readonly copies?: number;
}

/** Where a model is to be. */
export interface Placement {
  /** The best worker first. */
  readonly names: readonly string[];
  /** False where it has no room anywhere: its first choice may have it for as long as it is asked. */
  readonly fits: boolean;
}

/**
 * Which workers are to hold which models, the best one first. Two copies of every model come before a third of any, so
 * that the death of one worker costs nothing where there are two; then copies are made as long as there is memory,
 * since each one answers. What fits nowhere gets its first choice all the same, which says why it has no room. Each
 * model can be loaded beside the others of its worker, in whatever order they come.
 *
 * Whoever knows the same workers and models decides the same, in whatever order they are given: so `api` processes
 * agree without a word. Each model ranks the workers by a hash of both names (rendezvous hashing, Thaler and
 * Ravishankar 1998), so that one worker more or less moves few models.
 */
export function placeModels(
  models: readonly PlacedModel[],
  places: readonly Place[],
): ReadonlyMap<string, Placement> {
  const rooms = new Map(
    places.map(({ name, budgetBytes }) => [name, { freeBytes: budgetBytes, loadBytes: 0 }]),
  );
  const names = [...rooms.keys()];
  const open = [...models].sort(largestFirst).map((model) => ({
    ...model,
    ranked: rankPlaces(model.sha256, names),
    chosen: [] as string[],
    fits: true,
  }));
  for (let copy = 0; copy < places.length; copy++)
    for (const model of open) {
      if (copy >= (model.copies ?? Infinity)) continue;
      const next = model.ranked.find(
        (name) => !model.chosen.includes(name) && hasRoom(rooms.get(name), model),
      );
      const name = next ?? (copy === 0 ? model.ranked[0] : undefined);
      if (name === undefined) continue;
      model.chosen.push(name);
      model.fits &&= next !== undefined;
      const room = rooms.get(name);
      if (room === undefined) continue;
      room.freeBytes -= model.bytes;
      room.loadBytes = Math.max(room.loadBytes, model.peakBytes - model.bytes);
    }
  return new Map(open.map(({ sha256, chosen, fits }) => [sha256, { names: chosen, fits }]));
}

/** What is left for models of a worker's memory, and what loading one of those it has takes for a moment. */
interface Room {
  freeBytes: number;
  loadBytes: number;
}

const hasRoom = (room: Room | undefined, { bytes, peakBytes }: PlacedModel): boolean =>
  room !== undefined && room.freeBytes - bytes >= Math.max(room.loadBytes, peakBytes - bytes);

/** The workers in the order in which a model prefers them. */
export function rankPlaces(sha256: string, names: readonly string[]): readonly string[] {
  const weighed = names.map((name) => ({ name, weight: hash('sha256', `${sha256}\n${name}`) }));
  return weighed.sort((one, other) => (one.weight < other.weight ? 1 : -1)).map(({ name }) => name);
}

/** A small model finds room between large ones, and not the other way round. */
const largestFirst = (one: PlacedModel, other: PlacedModel): number =>
  other.bytes - one.bytes || (one.sha256 < other.sha256 ? -1 : 1);

/**
 * Memory that a session keeps, as a multiple of its file: 1.1 for large ones, and small ones have arenas of their own.
 */
const KEPT_FACTOR = 1.25;
const KEPT_AT_LEAST_BYTES = 4 * 1024 * 1024;

/** What a model takes of a worker, as far as its file tells: the same for all who ask, whatever they have seen. */
export function placedSize(fileBytes: number): Pick<PlacedModel, 'bytes' | 'peakBytes'> {
  const bytes = Math.ceil(KEPT_FACTOR * fileBytes) + KEPT_AT_LEAST_BYTES;
  return { bytes, peakBytes: Math.max(bytes, bytesToLoad(fileBytes, 0)) };
}
