import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { answerRefusal } from '../../../../src/compat/tf-serving/answers';
import { statusOf } from '../../../../src/compat/tf-serving/model-status';
import type { ModelVersion } from '../../../../src/registry/registry';
import type { PredictRefusal, UnavailableReason } from '../../../../src/serving/serving';

function answerTo(error: PredictRefusal) {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  answerRefusal(response, error);
  return { status: response.statusCode, retryAfter: response.getHeader('retry-after') };
}

test('a full queue says when to come back, in whole seconds', () => {
  const full = { kind: 'OverloadedError', code: 'OVERLOADED', message: 'Too many.' } as const;
  expect(answerTo({ ...full, retryAfterMs: 5 })).toEqual({ status: 503, retryAfter: 1 });
  expect(answerTo({ ...full, retryAfterMs: 2_001 })).toEqual({ status: 503, retryAfter: 3 });
});

const away = (reason: UnavailableReason) =>
  ({ kind: 'UnavailableError', code: 'UNAVAILABLE', message: 'No.', retryable: true, reason }) as const;

test.each([
  ['deadline', 504],
  ['timeout', 504],
  ['crashed', 503],
  ['quarantined', 503],
] as const)('no answer because of %s is %i', (reason, status) => {
  expect(answerTo(away(reason))).toEqual({ status, retryAfter: undefined });
});

test('a model that is held back says when to come back', () => {
  expect(answerTo({ ...away('quarantined'), retryAfterMs: 41_001 })).toEqual({ status: 503, retryAfter: 42 });
});

test('a version that cannot answer now is told apart, with the reason', () => {
  const versions = [{ ordinal: 2 } as ModelVersion, { ordinal: 1 } as ModelVersion];
  expect(statusOf(versions, ({ ordinal }) => (ordinal === 2 ? 'It has killed workers.' : null))).toEqual({
    model_version_status: [
      {
        ...{ version: '2', state: 'END' },
        status: { error_code: 'UNAVAILABLE', error_message: 'It has killed workers.' },
      },
      { version: '1', state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } },
    ],
  });
});
