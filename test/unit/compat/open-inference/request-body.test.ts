import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { readInferBody } from '../../../../src/compat/open-inference/request-body';
import { LargeMemory } from '../../../../src/kernel/large-memory';

/** A request that the test writes the body of. */
function requestWith(headers: Record<string, string>): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage;
}

test.each([0, 1, 7, 8, 13])(
  'after %d bytes of JSON, the bytes of tensors can be read in place',
  async (jsonLength) => {
    const request = requestWith({ 'inference-header-content-length': String(jsonLength) });
    const body = readInferBody(request, new LargeMemory());
    request.write(Buffer.alloc(jsonLength + 3, '.'));
    request.write(Buffer.from([1, 2, 3]));
    request.end();
    const read = await body;
    if (!('bytes' in read)) throw new Error(read.message);
    expect(read.bytes).toHaveLength(jsonLength + 6);
    expect((read.bytes.byteOffset + jsonLength) % 8).toBe(0);
    expect([...read.bytes.subarray(jsonLength + 3)]).toEqual([1, 2, 3]);
  },
);
