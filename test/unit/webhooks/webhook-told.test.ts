import { newId } from '../../../src/kernel/ids';
import type { DomainEvent } from '../../../src/kernel/outbox';
import { WEBHOOK_EVENTS } from '../../../src/webhooks/webhook-event';
import { bodyOf, exampleOf, toldOf } from '../../../src/webhooks/webhook-told';

const event = (type: string, payload: object): DomainEvent => ({
  ...{ type, topic: 'x', projectId: newId<'project'>(), payload },
});
const tags = { modelId: newId(), modelName: 'm', ordinal: 2, set: [], removed: [], isPrompt: false };

test('each tag of a change is told, those of models only where they are prompts', () => {
  const change = { ...tags, set: [{ key: 'a', value: '1' }], removed: ['b'] };
  const told = (more: object) => toldOf(event('registry.tags-changed', { ...change, ...more }));
  expect(told({}).map(({ event: name }) => name)).toEqual([
    'model_version_tag.set',
    'model_version_tag.deleted',
  ]);
  expect(told({ ordinal: null })).toEqual([]);
  expect(told({ ordinal: null, isPrompt: true })).toEqual([
    { event: 'prompt_tag.set', data: { name: 'm', key: 'a', value: '1' } },
    { event: 'prompt_tag.deleted', data: { name: 'm', key: 'b' } },
  ]);
});

test('what nobody can ask for is told to nobody', () => {
  expect(toldOf(event('serving.endpoint-deployed', {}))).toEqual([]);
});

test.each(WEBHOOK_EVENTS)('%s has an example', (name) => {
  const { data, event: told } = exampleOf(name);
  expect(told).toBe(name);
  expect(data).toHaveProperty(name.startsWith('run.') ? 'run_id' : 'name');
});

test('a body has an end: long texts are cut where it would be too large', () => {
  const now = new Date('2026-01-02T03:04:05.006Z');
  const data = { name: 'm', version: '1', template: 'x'.repeat(300_000), tags: {}, description: null };
  const body = bodyOf({ event: 'prompt_version.created', data }, now);
  expect(body.length).toBeLessThan(2_000);
  expect(JSON.parse(body)).toMatchObject({
    ...{ entity: 'prompt_version', action: 'created', timestamp: '2026-01-02T03:04:05.006+00:00' },
    data: { version: '1', template: `${'x'.repeat(1_000)}…` },
  });
  const whole = bodyOf(
    { event: 'prompt_version.created', data: { ...data, template: 'x'.repeat(5_000) } },
    now,
  );
  expect(whole).toContain('x'.repeat(5_000));
});
