import type { InferenceSession } from 'onnxruntime-node';
import { isOutOfMemory, ortMessage } from './ort-message';
import { runSession } from './run-session';
import type { Runnable } from '../inspection/runnable';

export const runnableSession = (session: InferenceSession): Runnable => ({
  run: (inputs) => runSession(session, inputs),
  isFatal: isOutOfMemory,
  wordsOf: ortMessage,
});
