import { MAX_PLAIN_BODY_BYTES, readPlainHead } from '../../../src/http/plain-head';

const head = (lines: readonly string[], body = '') =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1');
const POST = 'POST /graphql HTTP/1.1';
const HOST = 'Host: localhost';

test('a plain request is read: its method, path, headers in lower case, and where its body is', () => {
  const bytes = head([POST, HOST, 'X-Tenant:   a b ', 'Content-Length: 2'], '{}');
  expect(readPlainHead(bytes)).toEqual({
    method: 'POST',
    url: '/graphql',
    headers: { host: 'localhost', 'x-tenant': 'a b', 'content-length': '2' },
    bodyStart: bytes.length - 2,
    bodyLength: 2,
  });
});

test('a GET needs no length, and has its query', () => {
  expect(readPlainHead(head(['GET /v2/models?x=1 HTTP/1.1', HOST]))).toMatchObject({
    method: 'GET',
    url: '/v2/models?x=1',
    bodyLength: 0,
  });
});

test('bytes beyond ASCII in a value are what node:http makes of them', () => {
  expect(readPlainHead(head(['GET / HTTP/1.1', HOST, 'x-name: J\xfcrgen']))?.headers['x-name']).toBe(
    'Jürgen',
  );
});

test.each([
  ['a head that has not ended', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n')],
  ['another method', head(['PUT /graphql HTTP/1.1', HOST, 'Content-Length: 0'])],
  ['another version', head(['GET / HTTP/1.0', HOST])],
  ['two spaces', head(['GET  / HTTP/1.1', HOST])],
  ['a whole address', head(['GET http://localhost/ HTTP/1.1', HOST])],
  ['an address with a blank in it', head(['GET /a b HTTP/1.1', HOST])],
  ['no host', head(['GET / HTTP/1.1', 'Accept: */*'])],
  ['no header at all', head(['GET / HTTP/1.1'])],
  ['two hosts', head(['GET / HTTP/1.1', HOST, HOST])],
  ['two lengths, although they agree', head([POST, HOST, 'Content-Length: 2', 'content-length: 2'], '{}')],
  ['two lengths in one', head([POST, HOST, 'Content-Length: 2, 2'], '{}')],
  ['a length with a sign', head([POST, HOST, 'Content-Length: +2'], '{}')],
  ['a length in hexadecimal', head([POST, HOST, 'Content-Length: 0x2'], '{}')],
  ['a length of nothing', head([POST, HOST, 'Content-Length: '], '{}')],
  ['no length of a POST', head([POST, HOST])],
  ['more than is read whole', head([POST, HOST, `Content-Length: ${MAX_PLAIN_BODY_BYTES + 1}`])],
  ['chunks', head([POST, HOST, 'Transfer-Encoding: chunked'])],
  ['chunks beside a length', head([POST, HOST, 'Content-Length: 2', 'Transfer-Encoding: chunked'])],
  ['a packed body', head([POST, HOST, 'Content-Length: 2', 'Content-Encoding: gzip'])],
  ['a question before the body', head([POST, HOST, 'Content-Length: 2', 'Expect: 100-continue'])],
  ['an upgrade', head(['GET /graphql HTTP/1.1', HOST, 'Connection: Upgrade', 'Upgrade: websocket'])],
  ['a connection that is to be closed', head(['GET / HTTP/1.1', HOST, 'Connection: close'])],
  ['a folded header', head(['GET / HTTP/1.1', HOST, 'X-A: 1', ' 2'])],
  ['a blank before the colon', head(['GET / HTTP/1.1', HOST, 'Content-Length : 2'])],
  ['a bare line feed', head(['GET / HTTP/1.1', `${HOST}\nContent-Length: 2`])],
  ['a bare carriage return', head(['GET / HTTP/1.1', `${HOST}\rContent-Length: 2`])],
  ['a tab beside a length', head([POST, HOST, 'Content-Length: 2\t'], '{}')],
  ['a NUL', head(['GET / HTTP/1.1', HOST, 'X-A: \0'])],
  ['a name of other characters', head(['GET / HTTP/1.1', HOST, 'X_A: 1'])],
  ['a head that is too long', head(['GET / HTTP/1.1', HOST, `X-A: ${'a'.repeat(17_000)}`])],
])('%s is left to node:http', (_what, bytes) => {
  expect(readPlainHead(bytes)).toBeNull();
});
