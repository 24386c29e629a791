import type { InferenceSession } from 'onnxruntime-node';

/** Only what is fatal: every other failure comes back as an answer, and must not fill the log as well. */
const LOG_FATAL_ONLY = 4;

/**
 * Options of every session. No spinning, not even for a worker that has all cores: threads that wait actively take the
 * time of those that work, and of the server's own (measured on 2 cores beside a busy server: 960 runs/s of a small
 * model instead of 2,500, and a quarter less of the server's turns).
 */
export function sessionOptions(provider: string, intraOpNumThreads: number): InferenceSession.SessionOptions {
  return {
    // Named alone: in a list, an unknown name is passed over in silence. Operators that a provider lacks run on
    // the CPU in any case.
    executionProviders: [provider],
    intraOpNumThreads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: LOG_FATAL_ONLY,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
}
