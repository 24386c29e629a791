import type { Actor } from './actor';

/**
 * One DataLoader for each way that fields read rows by key. Every feature adds its own by declaration merging
 * and makes them in a function `…Loaders`.
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- filled by the features
export interface Loaders {}

/** What a resolver knows of the call. Loaders live for one operation, or for one event of a subscription. */
export interface Context {
  readonly actor: Actor;
  readonly requestId: string;
  readonly loaders: Loaders;
  /** Whether the caller has left, so that nobody would hear the answer; absent where that cannot be known. */
  readonly isAbandoned?: (() => boolean) | undefined;
  /** When the whole call had arrived, on performance.now()'s clock; absent where nobody has looked. */
  readonly receivedAt?: number | undefined;
  /** A header of the call, or of the one that opened its socket, by its name in lower case. */
  readonly header?: ((name: string) => string | undefined) | undefined;
}
