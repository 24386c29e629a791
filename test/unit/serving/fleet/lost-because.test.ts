import { lostBecause } from '../../../../src/serving/fleet/lost-because';

test.each([
  [
    'No connection established. Last error: Error: connect ECONNREFUSED 127.0.0.1:1. Resolution note: ',
    'Nothing listens at the worker’s address (connect ECONNREFUSED 127.0.0.1:1).',
  ],
  [
    'Name resolution failed for target dns:no-such-host.invalid:4001',
    'The name of the worker has no address (Name resolution failed for target dns:no-such-host.invalid:4001).',
  ],
  [
    'No connection established. Last error: Failed to connect (2026-11-29T23:05:46.929Z). Resolution note: ',
    'What listens at the worker’s address does not speak gRPC without TLS, as a worker does (Failed to connect (2026-11-29T23:05:46.929Z)).',
  ],
  [
    'No connection established. Last error: Error: connect EHOSTUNREACH 10.0.0.9:4001. Resolution note: ',
    'The worker cannot be reached (connect EHOSTUNREACH 10.0.0.9:4001).',
  ],
  ['Connection dropped', 'The connection to the worker is lost (Connection dropped).'],
])('%s', (details, sentence) => {
  expect(lostBecause(details)).toBe(sentence);
});

test('what a worker’s address says is cut, however long it is', () => {
  expect(lostBecause('x'.repeat(10_000)).length).toBeLessThan(350);
});
