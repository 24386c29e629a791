import { artifactPathFault } from '../../../src/tracking/artifact-path';

test.each(['model.onnx', 'plots/loss curve.png', 'a/b/c', '..a/b..', '…/ä', 'c/d:e'])(
  '%s is a path',
  (path) => {
    expect(artifactPathFault(path)).toBeNull();
  },
);

test.each([
  '',
  '/etc/passwd',
  '../secret',
  'a/../b',
  'a/./b',
  'a//b',
  'a/',
  'a\\b',
  'C:/x',
  'c:x',
  'a\0b',
  'a\nb',
  '%2e%2e/secret',
  'a/.%2E/b',
  'x'.repeat(1_001),
  '\ud800',
])('%j is refused', (path) => {
  expect(artifactPathFault(path)).not.toBeNull();
});
