import { CachedEndpoint, rowOf } from '../support/cache-client';
import { STORES, startStore } from '../support/cache-stores';
import { affine, affineAnswer } from '../support/onnx-models';
import { RegistryClient } from '../support/registry-client';
import { startTestServer } from '../support/test-server';

const NAME = 'memcached';
const ifThere = STORES.includes(NAME) ? test : test.skip;

ifThere(
  'a server that has started anew answers with what Memcached keeps, and without it by itself',
  async () => {
    const store = await startStore(NAME);
    const server = await startTestServer({ CACHE_URL: store.url });
    const registry = new RegistryClient(server);
    await registry.promote(await registry.version('affine', affine()), 'production');
    const endpoint = new CachedEndpoint(server, 'scores');
    await endpoint.deploy(['affine@1.0.0']);
    await endpoint.ask(1);
    await endpoint.ask(2); // the first has reached the store by the time that this one has looked there
    await server.restart();
    expect(await endpoint.numbers()).toMatchObject({ entries: 0 });
    const kept = await endpoint.ask(1);
    expect(kept).toMatchObject({ cached: true });
    expect(kept.outputs[0]?.data).toEqual(affineAnswer(rowOf(1)));
    await store.stop();
    const own = await endpoint.ask(3);
    expect(own).toMatchObject({ __typename: 'PredictSuccess', cached: false });
    expect(own.outputs[0]?.data).toEqual(affineAnswer(rowOf(3)));
    await server.stop();
  },
);
