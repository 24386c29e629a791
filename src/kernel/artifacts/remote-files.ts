import type { Sha256 } from './artifact';

/** A file that lies elsewhere, and is here for as long as somebody works with it. */
export interface RemoteFile {
  readonly path: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
}

/** Files that lie elsewhere, by their addresses. Only what an operator has allowed is ever asked for. */
export interface RemoteFiles {
  /** Whether files at such an address may be read. */
  covers(uri: string): boolean;
  /**
   * Does the work with the bytes at an address that is covered.
   *
   * @throws RemoteFileRefused where they cannot be had by anybody's waiting, Failure where they cannot right now
   */
  withFile<Result>(uri: string, work: (file: RemoteFile) => Promise<Result>): Promise<Result>;
}

export class RemoteFileRefused extends Error {
  constructor(
    readonly code: 'SOURCE_NOT_FOUND' | 'SOURCE_NOT_READABLE' | 'SOURCE_TOO_LARGE',
    message: string,
  ) {
    super(message);
  }
}
