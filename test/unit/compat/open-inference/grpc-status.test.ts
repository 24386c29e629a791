import { status as Code } from '@grpc/grpc-js';
import fc from 'fast-check';
import { statusOf, statusOfError, statusOfRefusal } from '../../../../src/compat/open-inference/grpc-status';
import {
  forbidden,
  invalidInput,
  notFound,
  unauthenticated,
  unavailable,
} from '../../../../src/kernel/errors';
import { createLogger } from '../../../../src/kernel/logger';
import type { UnavailableReason } from '../../../../src/serving/serving';

const logger = createLogger('silent');
const away = (reason: UnavailableReason) =>
  ({
    kind: 'UnavailableError',
    code: 'UNAVAILABLE',
    message: 'm',
    retryable: true,
    reason,
  }) as const;

test.each([
  ['wrong input', invalidInput([]), Code.INVALID_ARGUMENT],
  ['what is not there', notFound('model', 'x'), Code.NOT_FOUND],
  ['what is in use', { kind: 'InUseError', code: 'IN_USE', message: 'm' }, Code.FAILED_PRECONDITION],
  [
    'a full queue',
    { kind: 'OverloadedError', code: 'OVERLOADED', message: 'm', retryAfterMs: 7 } as const,
    Code.RESOURCE_EXHAUSTED,
  ],
  ['busy workers', away('busy'), Code.RESOURCE_EXHAUSTED],
  ['a deadline', away('deadline'), Code.DEADLINE_EXCEEDED],
  ['a caller that left', away('cancelled'), Code.CANCELLED],
  ['dead workers', away('crashed'), Code.UNAVAILABLE],
  ['a model that is held back', { ...away('quarantined'), retryAfterMs: 7 }, Code.UNAVAILABLE],
  ['a server that stops', away('stopped'), Code.UNAVAILABLE],
])('%s has a status', (_what, refusal, code) => {
  expect(statusOfRefusal(refusal)).toMatchObject({ code, details: refusal.message });
});

test.each([
  [
    'a full queue',
    { kind: 'OverloadedError', code: 'OVERLOADED', message: 'm', retryAfterMs: 6.5 } as const,
    ['7'],
  ],
  ['a model that is held back', { ...away('quarantined'), retryAfterMs: 60_000 }, ['60000']],
  ['what nobody knows the end of', away('busy'), undefined],
])('%s says when to come back, where it is known', (_what, refusal, told) => {
  expect(statusOfRefusal(refusal).metadata?.get('grpc-retry-pushback-ms')).toEqual(told);
});

test.each([
  [unauthenticated(), Code.UNAUTHENTICATED],
  [forbidden('endpoint:predict'), Code.PERMISSION_DENIED],
  [unavailable('The database'), Code.UNAVAILABLE],
])('%s has a status', (failure, code) => {
  expect(statusOfError(failure, logger)).toMatchObject({ code, details: failure.message });
});

test('whatever is said fits into a header', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000, size: 'max' }), (details) => {
      const encoded = encodeURI(statusOf(Code.NOT_FOUND, details).details); // throws at half a surrogate pair
      return encoded.length < 8_192;
    }),
  );
});
