import { isCloneable, withoutCredentials } from '../../../../src/tracking/setup/repository-address';

test.each([
  ['https://example.org/a.git', 'https://example.org/a.git'],
  ['https://ada:pw@example.org/a.git', 'https://example.org/a.git'],
  ['https://token@example.org/a.git', 'https://example.org/a.git'],
  ['https://ada:p@ss@example.org/a@b', 'https://example.org/a@b'],
  ['HTTPS://ada:pw@example.org', 'HTTPS://example.org'],
  ['ssh://git@example.org/a.git', 'ssh://git@example.org/a.git'],
  ['ssh://git:pw@example.org/a.git', 'ssh://git@example.org/a.git'],
  ['git@example.org:a/b.git', 'git@example.org:a/b.git'],
  ['https://example.org/a?access_token=x', 'https://example.org/a'],
  ['https://example.org/a?version=1', 'https://example.org/a?version=1'],
  ['/srv/git/a.git', '/srv/git/a.git'],
  ['any text', 'any text'],
])('%s is kept as %s', (address, kept) => expect(withoutCredentials(address)).toBe(kept));

test.each([
  ['https://example.org/a.git', true],
  ['ssh://git@example.org/a.git', true],
  ['git@example.org:a/b.git', true],
  ['file:///srv/a.git', true],
  ['/srv/my code/a.git', true],
  ['../a.git', false],
  ['a.git', false],
  ['ext::sh -c touch% owned', false],
  ['-oProxyCommand=x', false],
  ['--upload-pack=x', false],
  ['ssh://-oProxyCommand=x/a', false],
  ['-x@example.org:a', false],
  ['git@-oProxyCommand=x:a', false],
  ['https://example.org/a b', false],
  ['/srv/a\nb', false],
  ['', false],
])('git may clone %j: %s', (address, may) => expect(isCloneable(address)).toBe(may));
