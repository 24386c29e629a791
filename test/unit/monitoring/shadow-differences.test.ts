import type { ProjectId } from '../../../src/kernel/ids';
import { ShadowDifferences, type DifferenceRow } from '../../../src/monitoring/shadow-differences';
import type { ModelVersionId } from '../../../src/registry/registry';
import type { EndpointId, ShadowOutcome } from '../../../src/serving/serving';

const START_S = 1_800_000_000; // the beginning of a minute
let nowMs: number;
let differences: ShadowDifferences;
beforeEach(() => {
  nowMs = START_S * 1000;
  differences = new ShadowDifferences(() => nowMs);
});

const copy = (more: Partial<ShadowOutcome> = {}): ShadowOutcome => ({
  projectId: 'project' as ProjectId,
  endpointId: 'endpoint' as EndpointId,
  variant: 'shadow',
  versionId: 'v2' as ModelVersionId,
  liveVariant: 'main',
  liveVersionId: 'v1' as ModelVersionId,
  difference: { compared: 2, disagreed: 1, values: 4, absDifference: 0.5 },
  ...more,
});
const rows = (): readonly DifferenceRow[] => differences.unwritten.oldest(Infinity);
const at = (seconds: number) => {
  nowMs = (START_S + seconds) * 1000;
  differences.closeWindows();
};

test('copies of a minute add up, dropped ones apart', () => {
  differences.compare(copy());
  differences.compare(copy({ difference: null }));
  nowMs += 59_000;
  differences.compare(copy());
  expect(rows()).toEqual([]);
  at(60);
  expect(rows()).toMatchObject([
    { startS: START_S, compared: 4, disagreed: 2, dropped: 1, values: 8, absDifference: 1 },
  ]);
});

test('each pair of versions has numbers of its own', () => {
  differences.compare(copy());
  differences.compare(copy({ versionId: 'v3' as ModelVersionId }));
  differences.compare(copy({ liveVariant: 'other' }));
  differences.compare(copy({ liveVersionId: 'v0' as ModelVersionId }));
  differences.compare(copy({ endpointId: 'endpoint 2' as EndpointId }));
  at(60);
  expect(rows()).toHaveLength(5);
});

test('a minute without copies has no row', () => {
  differences.compare(copy());
  for (const seconds of [60, 120, 180]) at(seconds);
  expect(rows()).toHaveLength(1);
});

test('after the clock went back no two rows are the same one', () => {
  differences.compare(copy());
  at(60);
  at(0);
  differences.compare(copy());
  at(60);
  const [first, second] = rows();
  expect(first?.startS).toBe(second?.startS);
  expect(first?.writerId).not.toBe(second?.writerId);
});
