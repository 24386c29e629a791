import { mergeSetup } from '../../../../src/tracking/setup/merge-setup';
import { NOTHING_TOLD, type RunSetup, type ToldSetup } from '../../../../src/tracking/setup/run-setup';
import { sourceByTags } from '../../../../src/tracking/setup/source-by-tags';
import { factsWithout, sourceInTags, tagsOfSource } from '../../../../src/tracking/setup/source-tags';

const told = (setup: Partial<RunSetup>, source = {}): ToldSetup => ({
  source,
  setup: { ...NOTHING_TOLD, ...setup },
});
const environment = (facts: Partial<RunSetup['environment']>) => ({
  environment: { ...NOTHING_TOLD.environment, ...facts },
});

test('what is not known is added, the same again is fine, and nothing told takes nothing away', () => {
  const first = told(environment({ language: 'python', packages: [] }), { commit: 'a', dirty: false });
  const second = told(environment({ cpuCores: 8, packages: [] }), { branch: 'main', dirty: false });
  const merged = mergeSetup(first, second);
  expect(merged).toEqual({
    ok: true,
    told: told(environment({ language: 'python', packages: [], cpuCores: 8 }), {
      ...{ commit: 'a', branch: 'main', dirty: false },
    }),
  });
});

test('a list is one fact, in whatever order the keys of its entries come back', () => {
  const known = told(environment({ gpus: [{ name: 'a', memoryBytes: 1, driver: null }] }));
  expect(
    mergeSetup(known, told(environment({ gpus: [{ driver: null, memoryBytes: 1, name: 'a' }] }))).ok,
  ).toBe(true);
  expect(mergeSetup(known, told(environment({ gpus: [] })))).toMatchObject({
    ok: false,
    error: { issues: [{ path: 'environment.gpus' }] },
  });
});

test('entries by name are facts of their own', () => {
  const known = told({ seeds: [{ name: 'a', value: 1n }] });
  const merged = mergeSetup(known, told({ seeds: [{ name: 'b', value: 2n }] }));
  expect(merged).toMatchObject({ told: { setup: { seeds: [{ name: 'a' }, { name: 'b' }] } } });
  expect(mergeSetup(known, told({ seeds: [{ name: 'a', value: 2n }] }))).toMatchObject({
    error: { issues: [{ path: 'seeds (a)', actual: '“2”' }] },
  });
});

describe('tags of the source', () => {
  const tags = [
    { key: 'mlflow.source.git.commit', value: 'a' },
    { key: 'mlflow.source.git.dirty', value: 'True' },
    { key: 'team', value: 'x' },
  ];

  test('are facts, and facts are tags', () => {
    const { source, tags: rest } = sourceInTags(tags);
    expect(source).toEqual({ commit: 'a', dirty: true });
    expect(rest).toEqual([{ key: 'team', value: 'x' }]);
    expect(tagsOfSource(source)).toEqual([tags[0], { key: 'mlflow.source.git.dirty', value: 'true' }]);
    expect(factsWithout(['team', 'mlflow.source.git.branch'])).toEqual({ branch: null });
    const odd = [{ key: 'mlflow.source.git.dirty', value: 'perhaps' }];
    expect(sourceInTags(odd)).toEqual({ source: {}, tags: odd });
  });

  test('change facts by one rule, and not by the other', () => {
    const known = { commit: 'b', branch: 'main' };
    const change = { tags, removeTags: ['mlflow.source.git.branch'] };
    expect(sourceByTags(known, change, 'ANY')).toEqual({ commit: 'a', dirty: true });
    expect(sourceByTags(known, change, 'ONCE')).toMatchObject({ kind: 'InvalidInputError' });
    expect(sourceByTags(known, { tags }, 'ONCE')).toMatchObject({ issues: [{ path: 'source.commit' }] });
    expect(sourceByTags({ branch: 'main' }, { tags }, 'ONCE')).toEqual({
      ...{ branch: 'main', commit: 'a', dirty: true },
    });
    expect(sourceByTags(known, { tags: [] }, 'ONCE')).toBeNull();
  });
});
