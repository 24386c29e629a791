import { RegistryClient, scaled } from '../support/registry-client';
import { startTestServer, type TestServer } from '../support/test-server';

let server: TestServer;
let registry: RegistryClient;

beforeAll(async () => {
  server = await startTestServer();
  registry = new RegistryClient(server);
});
afterAll(() => server.stop());

const OPTIMIZING = { key: 'loss', direction: 'MINIMIZE' };
const at = (ref: string, revision: number) => ({ revision, version: { ref } });
let factor = 0;
/** A new version of the model: another file of the same contract. */
const version = (model: string, more: Record<string, unknown> = {}) =>
  registry.version(model, scaled(++factor), more);

describe('gates', () => {
  test('a version that fails one is refused, with each number beside its limit, and the alias stays', async () => {
    const limits = [
      { key: 'accuracy', comparison: 'GTE', value: 0.9 },
      { key: 'model_size_bytes', comparison: 'LTE', value: 100_000 },
      { key: 'latency_p99_ms', comparison: 'LTE', value: 10_000 },
    ];
    await registry.createModel({ name: 'gated', optimizing: OPTIMIZING, limits });
    const holdout = await registry.dataset('gated-holdout');
    const accuracy = (value: number) => ({ metrics: [{ key: 'accuracy', value, dataset: holdout }] });
    const good = await version('gated', accuracy(0.95));
    const bad = await version('gated', accuracy(0.7));

    expect(await registry.promote(good, 'production')).toMatchObject({
      __typename: 'PromoteModelVersionSuccess',
      alias: { name: 'production', ...at(good, 1) },
      previous: null,
    });
    const refusal = await registry.promote(bad, 'production');
    expect(refusal).toMatchObject({ __typename: 'GateNotPassedError', code: 'GATE_NOT_PASSED' });
    const gates = new Map(refusal.gates.map((gate) => [gate.name, gate]));
    expect([...gates.keys()].sort()).toEqual([
      'accuracy',
      'integrity',
      'latency_p99_ms',
      'model_size_bytes',
      'signature',
    ]);
    expect(gates.get('accuracy')).toMatchObject({
      passed: false,
      actual: 0.7,
      limit: 0.9,
      message: expect.stringContaining(holdout),
    });
    expect(gates.get('model_size_bytes')).toMatchObject({
      passed: true,
      actual: scaled(factor).length,
      limit: 100_000,
      unit: 'bytes',
    });
    expect(gates.get('latency_p99_ms')).toMatchObject({
      passed: true,
      actual: expect.any(Number),
      limit: 10_000,
      unit: 'ms',
    });
    expect(await registry.aliasOf('gated', 'production')).toMatchObject(at(good, 1));
  });

  test('what the platform measures cannot be claimed by a metric', async () => {
    const limits = [{ key: 'model_size_bytes', comparison: 'LTE', value: 10 }];
    await registry.createModel({ name: 'claimed', optimizing: OPTIMIZING, limits });
    const ref = await version('claimed', { metrics: [{ key: 'model_size_bytes', value: 1 }] });
    expect(await registry.promote(ref, 'production')).toMatchObject({ __typename: 'GateNotPassedError' });
  });

  test.each([
    ['missing', []],
    ['NaN', [{ key: 'accuracy', value: 'NaN' }]],
  ])('a metric that is %s has not passed', async (what, metrics) => {
    const name = `metric ${what}`;
    await registry.createModel({
      name,
      optimizing: OPTIMIZING,
      limits: [{ key: 'accuracy', comparison: 'GTE', value: 0 }],
    });
    const answer = await registry.promote(await version(name, { metrics }), 'production');
    expect(answer).toMatchObject({ __typename: 'GateNotPassedError' });
    expect(answer.gates).toContainEqual(
      expect.objectContaining({ name: 'accuracy', passed: false, limit: 0 }),
    );
    expect(await registry.aliasOf(name, 'production')).toBeNull();
  });

  test('bytes that changed on the disk do not go live', async () => {
    const sha256 = await server.upload(scaled(++factor));
    const { version: damaged } = await registry.registerUploaded('damaged', sha256);
    await server.store.spoil(sha256, 'something else');
    const answer = await registry.promote(damaged.ref, 'production');
    expect(answer).toMatchObject({ __typename: 'GateNotPassedError' });
    expect(answer.gates).toContainEqual(expect.objectContaining({ name: 'integrity', passed: false }));
  });

  test('a version that refuses the requests of today needs the word of whoever promotes it', async () => {
    const narrow = await version('breaks');
    const wide = await registry.version('breaks', scaled(1, 3));
    expect(wide).toBe('breaks@2.0.0');
    await registry.promote(narrow, 'production');
    const refusal = await registry.promote(wide, 'production');
    expect(refusal).toMatchObject({ __typename: 'GateNotPassedError' });
    expect(refusal.gates).toContainEqual(
      expect.objectContaining({
        name: 'signature',
        passed: false,
        message: expect.stringContaining('input “x”'),
      }),
    );
    expect(await registry.promote(wide, 'candidate')).toMatchObject({ alias: at(wide, 1) });
    expect(await registry.promote(wide, 'production', { acceptContractBreak: true })).toMatchObject({
      alias: at(wide, 2),
    });
  });
});

describe('a promotion', () => {
  test('tells what was live before, and is kept in the history with its reason', async () => {
    const [one, two] = [await version('told'), await version('told')];
    await registry.promote(one, 'production', { reason: 'The first.' });
    expect(await registry.promote(two, 'production', { reason: 'Better.' })).toMatchObject({
      alias: at(two, 2),
      previous: { ref: one },
    });
    const alias = await registry.aliasOf('told', 'production');
    expect(alias?.history).toEqual([
      {
        at: expect.any(String),
        kind: 'PROMOTION',
        revision: 2,
        reason: 'Better.',
        actor: 'admin',
        version: { ref: two },
      },
      {
        at: expect.any(String),
        kind: 'PROMOTION',
        revision: 1,
        reason: 'The first.',
        actor: 'admin',
        version: { ref: one },
      },
    ]);
  });

  test('to where the alias is already moves nothing', async () => {
    const ref = await version('there');
    await registry.promote(ref, 'production');
    expect(await registry.promote(ref, 'production')).toMatchObject({ alias: at(ref, 1), previous: { ref } });
    expect((await registry.aliasOf('there', 'production'))?.history).toHaveLength(1);
  });

  test('that is a dry run answers as it would, and changes nothing', async () => {
    const [one, two] = [await version('dry'), await version('dry')];
    expect(await registry.promote(one, 'production', { dryRun: true })).toMatchObject({
      alias: at(one, 1),
      previous: null,
    });
    expect(await registry.aliasOf('dry', 'production')).toBeNull();
    await registry.promote(one, 'production');
    const answer = await registry.promote(two, 'production', { dryRun: true });
    expect(answer).toMatchObject({
      __typename: 'PromoteModelVersionSuccess',
      alias: at(two, 2),
      previous: { ref: one },
    });
    expect(answer.gates.length).toBeGreaterThan(0);
    expect(await registry.aliasOf('dry', 'production')).toMatchObject(at(one, 1));
  });

  test('may follow another alias', async () => {
    const ref = await version('follows');
    await registry.promote(ref, 'candidate');
    expect(await registry.promote('follows@candidate', 'production')).toMatchObject({ alias: at(ref, 1) });
  });

  test('of an unknown version, or to a name that no alias may have, is refused', async () => {
    const ref = await version('refused');
    for (const unknown of [
      'nothing@1.0.0',
      'refused@9.9.9',
      'refused@production',
      'refused',
      're/fused@1.0.0',
    ]) {
      expect(await registry.promote(unknown, 'production')).toMatchObject({ __typename: 'NotFoundError' });
    }
    for (const alias of ['', 'latest', '7', 'v7', '1.0.0', 'a b', 'x'.repeat(256)]) {
      expect(await registry.promote(ref, alias)).toMatchObject({
        __typename: 'InvalidInputError',
        issues: [{ path: 'alias' }],
      });
    }
  });
});

describe('races', () => {
  test('a stale revision is refused, and says which one is current', async () => {
    const [one, two] = [await version('stale'), await version('stale')];
    await registry.promote(one, 'production', { expectedRevision: 0 });
    const conflict = { __typename: 'RevisionConflictError', code: 'REVISION_CONFLICT', actualRevision: 1 };
    for (const expectedRevision of [0, 2, 99]) {
      expect(await registry.promote(two, 'production', { expectedRevision })).toMatchObject(conflict);
      expect(await registry.promote(two, 'production', { expectedRevision, dryRun: true })).toMatchObject(
        conflict,
      );
      expect(await registry.rollBack('stale', 'production', { expectedRevision })).toMatchObject(conflict);
    }
    expect(await registry.aliasOf('stale', 'production')).toMatchObject(at(one, 1));
  });

  test('of promotions at once that expect the same revision exactly one wins, round after round', async () => {
    const refs: string[] = [];
    for (let i = 0; i < 6; i++) refs.push(await version('raced'));
    for (const expectedRevision of [0, 1, 2, 3]) {
      // What is live already need not move, so it would not race.
      const live = (await registry.aliasOf('raced', 'production'))?.version.ref;
      const racers = refs.filter((ref) => ref !== live);
      const answers = await Promise.all(
        racers.map((ref) => registry.promote(ref, 'production', { expectedRevision })),
      );
      const winners = answers.filter(({ __typename }) => __typename === 'PromoteModelVersionSuccess');
      const losers = answers.filter(({ __typename }) => __typename === 'RevisionConflictError');
      expect([winners.length, losers.length]).toEqual([1, racers.length - 1]);
      expect(losers.every(({ actualRevision }) => actualRevision === expectedRevision + 1)).toBe(true);
      expect(await registry.aliasOf('raced', 'production')).toMatchObject(
        at(winners[0]?.alias.version.ref ?? '', expectedRevision + 1),
      );
    }
  });

  test('promotions at once that expect nothing all succeed, one after the other', async () => {
    const refs = [await version('polite'), await version('polite'), await version('polite')];
    const answers = await Promise.all(refs.map((ref) => registry.promote(ref, 'production')));
    expect(answers.map(({ alias }) => alias.revision).sort()).toEqual([1, 2, 3]);
    expect((await registry.aliasOf('polite', 'production'))?.history).toHaveLength(3);
  });

  test('a retry with the same key gets the same answer, although the revision has moved on', async () => {
    const [one, two] = [await version('retried'), await version('retried')];
    const more = { expectedRevision: 0, idempotencyKey: 'first promotion' };
    const first = await registry.promote(one, 'production', more);
    await registry.promote(two, 'production');
    expect(await registry.promote(one, 'production', more)).toEqual(first);
    expect(await registry.aliasOf('retried', 'production')).toMatchObject(at(two, 2));
  });

  test('a refused promotion does not use up its key', async () => {
    const ref = await version('unspent');
    const more = { expectedRevision: 1, idempotencyKey: 'unspent' };
    expect(await registry.promote(ref, 'production', more)).toMatchObject({
      __typename: 'RevisionConflictError',
    });
    await registry.promote(ref, 'production');
    expect(await registry.promote(ref, 'production', more)).toMatchObject({
      __typename: 'PromoteModelVersionSuccess',
    });
  });
});

describe('a rollback', () => {
  test('goes back to what was live before, further with each one, and forward again by a promotion', async () => {
    const [one, two, three] = [await version('back'), await version('back'), await version('back')];
    for (const ref of [one, two, three]) await registry.promote(ref, 'production');
    expect(await registry.rollBack('back', 'production')).toMatchObject({
      alias: at(two, 4),
      from: { ref: three },
    });
    expect(await registry.rollBack('back', 'production', { expectedRevision: 4 })).toMatchObject({
      alias: at(one, 5),
      from: { ref: two },
    });
    expect(await registry.rollBack('back', 'production')).toMatchObject({
      __typename: 'NothingToRollBackError',
      code: 'NOTHING_TO_ROLL_BACK',
    });
    expect(await registry.promote(three, 'production')).toMatchObject({
      alias: at(three, 6),
      previous: { ref: one },
    });
    expect(await registry.rollBack('back', 'production')).toMatchObject({ alias: at(one, 7) });
    const alias = await registry.aliasOf('back', 'production');
    expect(alias?.history.map(({ kind }) => kind)).toEqual([
      'ROLLBACK',
      'PROMOTION',
      'ROLLBACK',
      'ROLLBACK',
      'PROMOTION',
      'PROMOTION',
      'PROMOTION',
    ]);
  });

  test('asks no gates: also a version that no longer passes comes back', async () => {
    const [one, two] = [await version('fire'), await version('fire')];
    await registry.promote(one, 'production');
    await registry.promote(two, 'production');
    await registry.createModel({
      name: 'fire',
      optimizing: OPTIMIZING,
      limits: [{ key: 'accuracy', comparison: 'GTE', value: 1 }],
    });
    expect(await registry.promote(one, 'production')).toMatchObject({ __typename: 'GateNotPassedError' });
    expect(await registry.rollBack('fire', 'production')).toMatchObject({ alias: at(one, 3) });
  });

  test('of what does not exist, or without a reason, is refused', async () => {
    await registry.promote(await version('lonely'), 'production');
    expect(await registry.rollBack('lonely', 'production')).toMatchObject({
      __typename: 'NothingToRollBackError',
    });
    expect(await registry.rollBack('lonely', 'candidate')).toMatchObject({ __typename: 'NotFoundError' });
    expect(await registry.rollBack('nobody', 'production')).toMatchObject({ __typename: 'NotFoundError' });
    expect(await registry.rollBack('lonely', 'latest')).toMatchObject({ __typename: 'InvalidInputError' });
    expect(await registry.rollBack('lonely', 'production', { reason: '' })).toMatchObject({
      __typename: 'InvalidInputError',
    });
  });
});
