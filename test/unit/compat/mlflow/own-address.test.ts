import type { IncomingMessage } from 'node:http';
import { publicAddressOf } from '../../../../src/compat/mlflow/own-address';

const asked = (headers: Record<string, string>, localAddress = '127.0.0.1') =>
  ({ headers, socket: { localAddress, localPort: 4000 } }) as unknown as IncomingMessage;

test.each<[string, Record<string, string>, string]>([
  ['the host that was asked', { host: 'models.example.org:8443' }, 'http://models.example.org:8443'],
  ['an IPv6 host', { host: '[::1]:4000' }, 'http://[::1]:4000'],
  [
    'what a proxy says',
    {
      host: 'inner:4000',
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'outer.example.org',
      'x-forwarded-prefix': '/mlflow/',
    },
    'https://outer.example.org/mlflow',
  ],
  ['no host', {}, 'http://127.0.0.1:4000'],
  ['a host that is none', { host: 'a/b?c' }, 'http://127.0.0.1:4000'],
  ['a scheme that is none', { host: 'a', 'x-forwarded-proto': 'javascript' }, 'http://a'],
  ['a prefix that leads elsewhere', { host: 'a', 'x-forwarded-prefix': '@evil' }, 'http://a'],
])('%s', (_, headers, address) => {
  expect(publicAddressOf(asked(headers), null)).toBe(address);
});

test('what is configured comes first; an IPv6 address of ours is written as URLs have it', () => {
  expect(publicAddressOf(asked({ host: 'a' }), 'https://b/c')).toBe('https://b/c');
  expect(publicAddressOf(asked({}, '::1'), null)).toBe('http://[::1]:4000');
});
