import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { ensureSecretFile } from '../kernel/secret-file';
import type { WebhookId } from './webhook';

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * What signs deliveries, as it is kept: encrypted with a key that is not in the database, so that a copy of the
 * database signs nothing. A sealed secret belongs to one webhook: under another one it cannot be opened.
 */
export class WebhookSecrets {
  private key: Promise<Buffer> | undefined;

  /** @param keyFile made when it is first needed; all servers of a database need the same */
  constructor(private readonly keyFile: string) {}

  async seal(id: WebhookId, secret: string): Promise<Buffer> {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, await this.readKey(), nonce).setAAD(Buffer.from(id));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Null where it was sealed with another key, or is damaged. */
  async open(id: WebhookId, sealed: Buffer): Promise<string | null> {
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const tag = sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    const key = await this.readKey();
    try {
      const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(id)).setAuthTag(tag);
      return (
        decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    } catch {
      return null; // GCM says nothing but that it is not what was sealed
    }
  }

  private readKey(): Promise<Buffer> {
    this.key ??= ensureSecretFile(this.keyFile, 'mgk_').then((text) => hash('sha256', text, 'buffer'));
    this.key.catch(() => (this.key = undefined)); // it may be there the next time
    return this.key;
  }
}
