import { wishesIn } from '../../../src/compat/question-headers';

const wishesOf = (headers: Record<string, string>) => wishesIn((name) => headers[name]);

test.each<[Record<string, string>, object]>([
  [{}, {}],
  [{ 'x-modelgraph-routing-key': '', 'x-modelgraph-timeout-ms': '', 'x-modelgraph-priority': '' }, {}],
  [
    { 'x-modelgraph-routing-key': 'customer 7' },
    { routingKey: 'customer 7', timeoutMs: null, priority: null },
  ],
  [{ 'x-modelgraph-timeout-ms': '1.5' }, { routingKey: null, timeoutMs: 1.5, priority: null }],
  [{ 'x-modelgraph-timeout-ms': '60000' }, { routingKey: null, timeoutMs: 60_000, priority: null }],
  [{ 'x-modelgraph-priority': '0' }, { routingKey: null, timeoutMs: null, priority: null }],
  [{ 'x-modelgraph-priority': '1' }, { routingKey: null, timeoutMs: null, priority: 'HIGH' }],
  [{ 'x-modelgraph-priority': '2' }, { routingKey: null, timeoutMs: null, priority: 'NORMAL' }],
  [{ 'x-modelgraph-priority': '3' }, { routingKey: null, timeoutMs: null, priority: 'LOW' }],
])('%j is understood', (headers, wishes) => expect(wishesOf(headers)).toEqual(wishes));

test.each([
  ['x-modelgraph-timeout-ms', '0', '1 to 60000 ms'],
  ['x-modelgraph-timeout-ms', '60001', '1 to 60000 ms'],
  ['x-modelgraph-timeout-ms', '1e3', '1 to 60000 ms'],
  ['x-modelgraph-timeout-ms', '5, 6', '1 to 60000 ms'],
  ['x-modelgraph-priority', '-1', 'a whole number from 0 on'],
  ['x-modelgraph-priority', '1.5', 'a whole number from 0 on'],
  ['x-modelgraph-priority', 'HIGH', 'a whole number from 0 on'],
])('%s: %s is refused', (name, value, expected) =>
  expect(wishesOf({ [name]: value })).toMatchObject({ issues: [{ path: name, expected, actual: value }] }),
);
