import type { DataFormat } from '../data-profile';

/** Why data was not read. The first four are the data's doing. */
export type UnreadableCode =
  | `INVALID_${DataFormat}`
  | 'UNKNOWN_FORMAT'
  /** It needs more time, memory or disk than one reading may take. */
  | 'TOO_LARGE_TO_READ'
  /** The process that read it has died. */
  | 'READER_DIED'
  /** Of data that lies elsewhere. */
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_NOT_READABLE'
  | 'SOURCE_TOO_LARGE'
  | 'SOURCE_CHANGED'
  /** DuckDB does not exist for this platform. */
  | 'READER_MISSING';

/** The data cannot be read. The message says where and what to do. */
export class Unreadable extends Error {
  constructor(
    readonly code: UnreadableCode,
    message: string,
  ) {
    super(message);
  }
}
