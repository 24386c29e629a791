import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { readInferBody } from '../../../../src/compat/open-inference/request-body';
import { BodyTooSlow } from '../../../../src/kernel/http/http-body';
import { LargeMemory } from '../../../../src/kernel/large-memory';

// A file of its own: one timer is for all bodies, and the first one sets it by the clock that there is then.
test('a body that drips is given up', async () => {
  jest.useFakeTimers();
  try {
    const request = Object.assign(new PassThrough(), { headers: {} }) as unknown as PassThrough &
      IncomingMessage;
    const body = readInferBody(request, new LargeMemory());
    const refused = expect(body).rejects.toBeInstanceOf(BodyTooSlow);
    request.write('{');
    jest.advanceTimersByTime(149_000);
    request.write('"inputs"');
    jest.advanceTimersByTime(1_000);
    await refused;
  } finally {
    jest.useRealTimers();
  }
});
