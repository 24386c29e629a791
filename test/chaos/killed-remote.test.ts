import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../support/free-port';
import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { documentFor } from '../support/remote-model';
import { ServerProcess } from '../support/server-process';
import { deployEndpoint, predict } from '../support/serving-client';
import { until } from '../support/until';

const CALLERS = 8;
/** A remote that comes back must be found where it was. */
let ports: { readonly PORT: string; readonly GRPC_PORT: string };
let remoteFolder: string;
let folder: string;
let remote: ServerProcess;
let server: ServerProcess;

beforeAll(async () => {
  remoteFolder = await ServerProcess.newFolder();
  folder = await ServerProcess.newFolder();
  ports = { PORT: String(await freePort()), GRPC_PORT: String(await freePort()) };
  remote = await ServerProcess.start(remoteFolder, ports);
  const at = { url: remote.url, grpcAddress: remote.grpcAddress };
  const there = new RegistryClient(remote);
  await there.promote(await there.version('affine', affine()), 'production');
  const credentials = join(folder, 'credentials.json');
  const origins = [at.url, `grpc://${at.grpcAddress}`];
  writeFileSync(credentials, JSON.stringify({ NEIGHBOUR: { token: remote.key, origins } }));
  server = await ServerProcess.start(folder, {
    REMOTE_BACKENDS: origins.join(','),
    REMOTE_CREDENTIALS_FILE: credentials,
  });
  const registry = new RegistryClient(server);
  for (const [name, kind] of [
    ['http', 'open-inference over HTTP'],
    ['grpc', 'open-inference over gRPC'],
  ] as const)
    await registry.version(name, Buffer.from(documentFor(kind, at, 'affine', { timeoutMs: 1_000 })));
  await registry.version('local', affine());
  await deployEndpoint(server, 'http', [{ ref: 'http@1.0.0', weight: 1 }]);
  await deployEndpoint(server, 'grpc', [{ ref: 'grpc@1.0.0', weight: 1 }]);
  await deployEndpoint(server, 'local', [{ ref: 'local@1.0.0', weight: 1 }]);
  await deployEndpoint(server, 'both', [
    { name: 'far', ref: 'grpc@1.0.0', weight: 1 },
    { name: 'near', ref: 'local@1.0.0', weight: 1 },
  ]);
  await deployEndpoint(server, 'shadowed', [
    { name: 'near', ref: 'local@1.0.0', weight: 1 },
    { name: 'far', ref: 'http@1.0.0', weight: 0, shadow: true },
  ]);
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await remote.kill('SIGTERM');
  await ServerProcess.removeFolder(folder);
  await ServerProcess.removeFolder(remoteFolder);
});

interface Counts {
  right: number;
  unavailable: number;
  retryable: number;
  wrong: number;
}

/** Asks all endpoints all the time while `story` is told. */
async function underLoad(
  endpoints: readonly string[],
  story: (of: (name: string) => Counts) => Promise<void>,
): Promise<(name: string) => Counts> {
  const counts = new Map(endpoints.map((name) => [name, newCounts()]));
  const of = (name: string) => counts.get(name) ?? newCounts();
  let isOver = false;
  const caller = async (endpoint: string, seed: number) => {
    for (let call = 0; !isOver; call += 1) await ask(endpoint, seed + call, of(endpoint));
  };
  const callers = endpoints.flatMap((endpoint) =>
    Array.from({ length: CALLERS }, (_, seed) => caller(endpoint, seed)),
  );
  try {
    await until(() => endpoints.every((name) => of(name).right > 100));
    await story(of);
  } finally {
    isOver = true;
    await Promise.all(callers);
  }
  return of;
}

test('kill -9 of a remote under load: its callers hear so, nobody else notices, and it is back within 2 s', async () => {
  const endpoints = ['http', 'grpc', 'local', 'both', 'shadowed'];
  const of = await underLoad(endpoints, async (of) => {
    await remote.kill('SIGKILL');
    const before = endpoints.map((name) => of(name).right);
    const wentOn = (name: string) => of(name).right - (before[endpoints.indexOf(name)] ?? 0);
    await until(() => ['http', 'grpc'].every((name) => of(name).unavailable > 100));
    await until(() => ['local', 'both', 'shadowed'].every((name) => wentOn(name) > 200));
    const startedAt = performance.now();
    remote = await ServerProcess.start(remoteFolder, ports);
    const backAt = performance.now();
    const there = ['http', 'grpc'].map((name) => of(name).right);
    await until(() => ['http', 'grpc'].every((name, at) => of(name).right > (there[at] ?? 0) + 20));
    // Or as long as this machine has just needed to start it.
    expect(performance.now() - backAt).toBeLessThan(Math.max(2_000, backAt - startedAt));
  });
  for (const name of endpoints) expect([name, of(name).wrong]).toEqual([name, 0]);
  for (const name of ['http', 'grpc']) expect(of(name).retryable).toBe(of(name).unavailable);
  for (const name of ['local', 'both', 'shadowed']) expect([name, of(name).unavailable]).toEqual([name, 0]);
});

test('a remote that freezes under load delays neither models that run here nor those whom it shadows', async () => {
  const endpoints = ['http', 'grpc', 'local', 'shadowed'];
  const of = await underLoad(endpoints, async (of) => {
    process.kill(remote.pid, 'SIGSTOP');
    try {
      const before = endpoints.map((name) => of(name).right);
      const wentOn = (name: string) => of(name).right - (before[endpoints.indexOf(name)] ?? 0);
      await until(() => ['local', 'shadowed'].every((name) => wentOn(name) > 500));
      await until(() => ['http', 'grpc'].every((name) => of(name).unavailable > 3));
    } finally {
      process.kill(remote.pid, 'SIGCONT');
    }
    const there = ['http', 'grpc'].map((name) => of(name).right);
    await until(() => ['http', 'grpc'].every((name, at) => of(name).right > (there[at] ?? 0) + 20));
  });
  for (const name of endpoints) expect([name, of(name).wrong]).toEqual([name, 0]);
  for (const name of ['local', 'shadowed']) expect([name, of(name).unavailable]).toEqual([name, 0]);
});

const newCounts = (): Counts => ({ right: 0, unavailable: 0, retryable: 0, wrong: 0 });

async function ask(endpoint: string, seed: number, counts: Counts): Promise<void> {
  const row = Array.from({ length: 30 }, (_, index) => ((seed * 7 + index) % 16) / 8);
  const answer = await predict(server, {
    endpoint,
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 30], data: row }],
  });
  if (answer.__typename === 'UnavailableError') {
    counts.unavailable += 1;
    if ((answer as unknown as { retryable: boolean }).retryable) counts.retryable += 1;
  } else if (JSON.stringify(answer.outputs?.[0]?.data) === JSON.stringify(affineAnswer(row)))
    counts.right += 1;
  else counts.wrong += 1;
}
