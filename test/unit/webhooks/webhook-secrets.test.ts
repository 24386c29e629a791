import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../../src/kernel/ids';
import { WebhookSecrets } from '../../../src/webhooks/webhook-secrets';
import { signatureOf } from '../../../src/webhooks/webhook-signature';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'modelgraph-secrets-'))));
afterEach(() => rmSync(folder, { recursive: true }));

test('a sealed secret can be opened by every server with the key, for its webhook, and nowhere else', async () => {
  const [path, id] = [join(folder, 'webhook.key'), newId<'webhook'>()];
  const sealed = await new WebhookSecrets(path).seal(id, 'größe 🐧');
  expect(sealed.toString('latin1')).not.toContain('gr');
  expect(await new WebhookSecrets(path).open(id, sealed)).toBe('größe 🐧');
  expect(await new WebhookSecrets(path).open(newId(), sealed)).toBeNull();
  expect(await new WebhookSecrets(join(folder, 'other.key')).open(id, sealed)).toBeNull();
  expect(await new WebhookSecrets(path).open(id, sealed.subarray(0, 20))).toBeNull();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).toMatch(/^mgk_/);
});

test('the same secret is sealed another way each time', async () => {
  const [secrets, id] = [new WebhookSecrets(join(folder, 'key')), newId<'webhook'>()];
  expect(await secrets.seal(id, 's')).not.toEqual(await secrets.seal(id, 's'));
});

test('a signature is that of MLflow’s documentation', () => {
  // printf '%s' 'id.1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret -binary | base64
  expect(signatureOf('secret', 'id', '1700000000', '{"a":1}')).toBe(
    'v1,3CH39uZxMTTZBV9mdW9gtiSAvyyKNbQXkIxpNKFkcco=',
  );
});
