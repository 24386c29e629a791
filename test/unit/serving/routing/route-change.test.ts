import type { Endpoint } from '../../../../src/serving/endpoints/endpoint';
import {
  instanceLimits,
  modelsOf,
  routesInUse,
  type Routes,
} from '../../../../src/serving/routing/route-change';
import type { ServedModel } from '../../../../src/serving/predictions/served-model';

const model = (name: string, batchable = true): ServedModel =>
  ({
    version: { id: name, signature: { batchable } },
    file: { sha256: name, path: '' },
  }) as unknown as ServedModel;

/** Variants as `name: [version, weight]`; a version of null is nowhere, a weight of null makes a shadow. */
function routes(
  variants: Record<string, readonly [version: string | null, weight: number | null]>,
  maxBatch = 128,
): Routes {
  const entries = Object.entries(variants);
  return {
    endpoint: {
      name: 'scores',
      settings: { maxBatch },
      variants: entries.map(([name, [, weight]]) => ({ name, weight: weight ?? 0, shadow: weight === null })),
    } as unknown as Endpoint,
    models: new Map(entries.flatMap(([name, [version]]) => (version ? [[name, model(version)]] : []))),
  };
}

/** What runs, as `name: [version, weight]`. */
const shown = ({ endpoint, models }: Routes) =>
  Object.fromEntries(
    endpoint.variants.flatMap(({ name, weight, shadow }) => {
      const version = models.get(name)?.version.id;
      return version ? [[name, [version, shadow ? null : weight]]] : [];
    }),
  );
const ready =
  (...versions: string[]) =>
  ({ version }: ServedModel) =>
    versions.includes(version.id);

test('what is ready takes traffic as was asked', () => {
  const asked = routes({ stable: ['v2', 90], canary: ['v3', 10] });
  const before = routes({ stable: ['v1', 100] });
  expect(shown(routesInUse(asked, before, ready('v2', 'v3')))).toEqual({
    stable: ['v2', 90],
    canary: ['v3', 10],
  });
});

test('a variant goes on with its former version until the new one is ready', () => {
  const before = routes({ stable: ['v1', 100] });
  expect(shown(routesInUse(routes({ stable: ['v2', 100] }), before, ready('v1')))).toEqual({
    stable: ['v1', 100],
  });
});

test('weights change at once where only versions wait', () => {
  const before = routes({ stable: ['v1', 100], canary: ['v3', 0] });
  const asked = routes({ stable: ['v2', 50], canary: ['v3', 50] });
  expect(shown(routesInUse(asked, before, ready('v3')))).toEqual({ stable: ['v1', 50], canary: ['v3', 50] });
});

test('a new variant that is not ready leaves all traffic where it was, and not to a canary', () => {
  const before = routes({ 'm@1': ['v1', 100] });
  const asked = routes({ 'm@2': ['v2', 99], canary: ['v3', 1] });
  expect(shown(routesInUse(asked, before, ready('v3')))).toEqual({ 'm@1': ['v1', 100] });
});

test('while a new variant cannot run, the others follow their aliases all the same, and settings change', () => {
  const before = routes({ stable: ['v1', 100] });
  const asked = routes({ stable: ['v2', 90], broken: ['v3', 10] }, 16);
  const inUse = routesInUse(asked, before, ready('v2'));
  expect(shown(inUse)).toEqual({ stable: ['v2', 100] });
  expect(inUse.endpoint.settings.maxBatch).toBe(16);
});

test('what takes no traffic is not waited for', () => {
  const before = routes({ stable: ['v1', 100] });
  const asked = routes({ stable: ['v1', 100], spare: ['v2', 0], shadow: ['v3', null] });
  expect(shown(routesInUse(asked, before, ready('v1')))).toEqual({ stable: ['v1', 100] });
  expect(shown(routesInUse(asked, before, ready('v1', 'v2', 'v3')))).toEqual(shown(asked));
});

test('a new endpoint begins with what is ready, and with everything where nothing is', () => {
  const asked = routes({ a: ['v1', 1], b: ['v2', 1] });
  expect(shown(routesInUse(asked, undefined, ready('v1')))).toEqual({ a: ['v1', 1] });
  expect(shown(routesInUse(asked, undefined, ready()))).toEqual(shown(asked));
});

test('an endpoint whose variants lead nowhere has no routes, whatever it had before', () => {
  const inUse = routesInUse(routes({ stable: [null, 100] }), routes({ stable: ['v1', 100] }), ready('v1'));
  expect(shown(inUse)).toEqual({});
});

test('a model is needed once, for the largest batch that any endpoint allows', () => {
  const all = [routes({ a: ['v1', 1], b: ['v2', null] }, 16), routes({ c: ['v1', 1] }, 64)];
  const rowsOf = (needed: ReturnType<typeof modelsOf>) =>
    needed.map(({ model: { version }, rows }) => [version.id, rows]);
  expect(rowsOf(modelsOf(all, () => true))).toEqual([
    ['v1', 64],
    ['v2', 16],
  ]);
  expect(rowsOf(modelsOf(all, ({ shadow }) => !shadow))).toEqual([['v1', 64]]);
  const alone = { ...routes({ a: ['v1', 1] }), models: new Map([['a', model('v1', false)]]) };
  expect(rowsOf(modelsOf([alone], () => true))).toEqual([['v1', 1]]);
});

test('a model is limited to as many workers as the variant that wants most, where each says how many', () => {
  const limited = (name: string, version: string, instances: number | null): Routes => {
    const { endpoint, models } = routes({ [name]: [version, 1] });
    const variants = endpoint.variants.map((variant) => ({ ...variant, instances }));
    return { endpoint: { ...endpoint, variants }, models };
  };
  const all = [limited('a', 'v1', 1), limited('b', 'v1', 3), limited('c', 'v2', 2), limited('d', 'v2', null)];
  expect([...instanceLimits(all)]).toEqual([['v1', 3]]);
  expect([...instanceLimits([routes({ a: ['v1', 1], b: [null, 1] })])]).toEqual([]);
});
