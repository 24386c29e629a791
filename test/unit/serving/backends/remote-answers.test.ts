import { status as Code, type ServiceError } from '@grpc/grpc-js';
import { failureOfStatus } from '../../../../src/serving/backends/grpc-failure';
import { failureOfHttp } from '../../../../src/serving/backends/http-failure';
import { readInferAnswer } from '../../../../src/serving/backends/infer-body';
import { asSentence } from '../../../../src/serving/backends/remote-failure';

const http = (status: number, text: string, type = 'application/json') => ({
  status,
  headers: { 'content-type': type },
  body: Buffer.from(text),
});
const LIMITS = { timeoutMs: 1_000, maxMessageBytes: 67_108_864 };
const grpc = (code: Code, details: string) => failureOfStatus({ code, details } as ServiceError, LIMITS);

test('a status without a body is an answer, whatever type it names; a page is none', () => {
  expect(failureOfHttp(http(200, '', 'text/plain'))).toBeNull();
  expect(failureOfHttp(http(200, '<p>Log in</p>', 'text/html'))).toMatchObject({ fault: 'broken' });
});

test.each([
  '[request id: <id_unknown>] Exceeds maximum queue size',
  'Request timeout expired',
  'The batch scheduling queue to which this task was submitted is full; currently 8 batches enqueued',
  'Too many predictions wait already. Rows that wait for this model: 256; bytes that wait in all: 1. Try again in 40 ms.',
  '1024 runs wait for a worker already.',
  '32 runs (4096 bytes) wait here already.',
])('a server that says “%s” is busy, and is not asked again at once', (words) => {
  expect(failureOfHttp(http(503, JSON.stringify({ error: words })))).toMatchObject({ fault: 'busy' });
  expect(grpc(Code.UNAVAILABLE, words)).toMatchObject({ fault: 'busy', mayRepeat: false });
});

test('a server that says that it cannot answer now is away', () => {
  expect(failureOfHttp(http(503, '{"error":"Server is stopping"}'))).toMatchObject({ fault: 'unreachable' });
  expect(grpc(Code.UNAVAILABLE, 'Server is stopping')).toMatchObject({
    fault: 'unreachable',
    mayRepeat: true,
  });
});

test.each([
  ['Received message larger than max (70000000 vs 67108864)', 'broken'], // our own transport's
  ['Received message that decompresses to a size larger than 67108864', 'broken'],
  ['SERVER: Received message larger than max (5242908 vs. 4194304)', 'refused'], // Python's and C++'s
  ['grpc: received message larger than max (5242908 vs. 4194304)', 'refused'], // Go's
  ['gRPC message exceeds maximum size 4194304: 5242908', 'refused'], // Java's
])('whose limit a message is over: %s', (words, fault) => {
  expect(grpc(Code.RESOURCE_EXHAUSTED, words)).toMatchObject({ fault });
});

test('a server that has no such call for a model is told from one that failed', () => {
  expect(failureOfHttp(http(501, '{"error":"decoupled"}'))).toMatchObject({ fault: 'unsupported' });
  expect(grpc(Code.UNIMPLEMENTED, 'decoupled')).toMatchObject({ fault: 'unsupported' });
});

test.each(['[1, null]', '[[1], [null]]'])(
  'a number that JSON cannot say is no fault of the server: %s',
  (data) => {
    const answer = (datatype: string) =>
      http(200, `{"outputs":[{"name":"y","datatype":"${datatype}","shape":[2,1],"data":${data}}]}`);
    expect(() => readInferAnswer(answer('FP32'))).toThrow(
      expect.objectContaining({
        fault: 'refused',
        message: expect.stringContaining('NaN') as string,
      }) as Error,
    );
    expect(() => readInferAnswer(answer('INT32'))).toThrow(
      expect.objectContaining({ fault: 'broken' }) as Error,
    );
  },
);

test.each([
  ['no.', 'no.'],
  ['no…', 'no…'],
  ['no', 'no.'],
  ['no connection. Note: ', 'no connection. Note.'],
])('words that end as “%s” end a sentence as “%s”', (words, sentence) => {
  expect(asSentence(words)).toBe(sentence);
});
