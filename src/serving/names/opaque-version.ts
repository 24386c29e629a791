import { invalidInput, shorten, type InvalidInput, type NotFound } from '../../kernel/errors';
import type { ModelVersion } from '../../registry/registry';

const WHY =
  'which was logged in another flavour than ONNX: its files are kept and never opened. Log the model in ONNX flavour too, and register that';

/** For who wants to deploy it. */
export const notDeployable = (path: string, { ref }: ModelVersion): InvalidInput =>
  invalidInput([{ path, expected: 'a version that can be served', actual: `${shorten(ref)}, ${WHY}` }]);

/** For who asks it: nobody can answer. */
export const notAnswering = ({ ref }: ModelVersion): NotFound => ({
  kind: 'NotFoundError',
  code: 'NOT_FOUND',
  message: `Nothing answers for ${shorten(ref)}, ${WHY}.`,
});
