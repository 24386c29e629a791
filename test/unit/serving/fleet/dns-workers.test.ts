import { getServers, setServers } from 'node:dns/promises';
import { parseWorkerAddresses } from '../../../../src/kernel/worker-addresses';
import { createLogger } from '../../../../src/kernel/logger';
import { Fleet } from '../../../../src/serving/fleet/fleet';
import { discoveryOf } from '../../../../src/serving/fleet/discovery';
import type { WorkerNodeStore } from '../../../../src/serving/fleet/worker-node.store';
import type { WorkerToken } from '../../../../src/serving/fleet/worker-token';
import { DnsServer } from '../../../support/dns-server';
import { freePort } from '../../../support/free-port';
import { until } from '../../../support/until';

const NAME = '_grpc._tcp.workers.test';
const usual = getServers();
let dns: DnsServer;

beforeEach(async () => {
  dns = await new DnsServer().start();
  setServers([dns.address]);
});
afterEach(async () => {
  setServers(usual);
  await dns.stop();
});

/** What an `api` process does with this in WORKERS. */
function find(workers: string): Promise<readonly string[]> {
  const addresses = parseWorkerAddresses(workers);
  if (typeof addresses === 'string') throw new Error(addresses);
  return discoveryOf(addresses, {} as WorkerNodeStore).find();
}

test('the workers of a service are found by its SRV records, which have their ports, until a record goes', async () => {
  const [one, other] = [
    { target: 'one.workers.test', port: 4001 },
    { target: 'other.workers.test', port: 4711 },
  ];
  dns.records.set(NAME, [other, one]);
  expect(await find(`dns://${NAME}`)).toEqual(['one.workers.test:4001', 'other.workers.test:4711']);
  dns.records.set(NAME, [other]);
  expect(await find(`dns://${NAME}`)).toEqual(['other.workers.test:4711']);
  dns.records.delete(NAME);
  await expect(find(`dns://${NAME}`)).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

test('a worker that does not answer is expected for as long as it has a record', async () => {
  const records = [
    { target: 'localhost', port: await freePort() },
    { target: 'localhost', port: await freePort() },
  ];
  dns.records.set(NAME, records);
  const fleet = new Fleet({
    discovery: { find: () => find(`dns://${NAME}`), everyMs: 10 },
    token: 'a-token-of-a-test-only' as WorkerToken,
    logger: createLogger('silent'),
  });
  await fleet.start();
  const expected = () => fleet.lost().map(({ node }) => node);
  expect(expected()).toEqual(records.map(({ port }) => `localhost:${port}`).sort());
  dns.records.set(NAME, records.slice(1));
  await until(() => expected().length === 1);
  expect(expected()).toEqual([`localhost:${records[1]?.port}`]);
  dns.records.delete(NAME); // that nobody knows the name says nothing of who was found
  const { asked } = dns;
  await until(() => dns.asked > asked + 1);
  expect(expected()).toHaveLength(1);
  expect(await fleet.undiscovered()).toEqual([
    expect.stringMatching(`The name “${NAME}” of WORKERS has no addresses .*ENOTFOUND.* since 20.*Z; `),
  ]);
  dns.records.set(NAME, records);
  await until(() => expected().length === records.length);
  expect(await fleet.undiscovered()).toEqual([]);
  await fleet.stop();
});
