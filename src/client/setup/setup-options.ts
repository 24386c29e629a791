/** What is found out by itself. */
export interface CaptureOptions {
  /** The commit, its remote and branch, and the command; true if absent. */
  readonly code?: boolean | undefined;
  /** Changes beyond the commit; true if absent. */
  readonly diff?: boolean | undefined;
  /** New files that are not ignored, in the diff: at most 500 of 1 MiB each; true if absent. */
  readonly newFiles?: boolean | undefined;
  /** The machine, and the language; true if absent. */
  readonly environment?: boolean | undefined;
  /** Packages, and files that pin them; true if absent. */
  readonly packages?: boolean | undefined;
  /** Names of environment variables, beside those that change how numbers come out. Secrets are never told. */
  readonly variables?: readonly string[] | undefined;
}

export type Seed = number | bigint;

export interface SetupOptions {
  /** What is found out of the code and the machine; false: nothing. `MODELGRAPH_CAPTURE=off` says the same. */
  readonly capture?: boolean | CaptureOptions | undefined;
  /** The words of the command line, the program first; this process' own if absent. */
  readonly command?: readonly string[] | undefined;
  /** Files with settings, of at most 10 MiB each: kept as they are now. */
  readonly configFiles?: readonly string[] | undefined;
  /** What random numbers are drawn from; several by their names. */
  readonly seed?: Seed | Readonly<Record<string, Seed>> | undefined;
  /** Image of the container that it runs in; else MODELGRAPH_CONTAINER_IMAGE. */
  readonly containerImage?: string | undefined;
}

/** Null where nothing is to be found out. */
export function captureOf(
  { capture }: SetupOptions,
  environment: Readonly<Record<string, string | undefined>>,
): CaptureOptions | null {
  const isOff = /^(off|0|false|no)$/i.test(environment.MODELGRAPH_CAPTURE ?? '');
  if (capture === false || (capture === undefined && isOff)) return null;
  return typeof capture === 'object' ? capture : {};
}
