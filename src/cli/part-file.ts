import { createHash, type Hash } from 'node:crypto';
import { constants, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { reasonOf } from '../client/client-error';
import { CommandFailed } from './command';

/**
 * The beginning of a file that is being downloaded, beside the place where it will be. Its name holds the hash of what
 * it will be, so whoever finds it knows what is missing; two that download the same write the same bytes to the same
 * places.
 */
export class PartFile {
  private hash: Hash = createHash('sha256');
  private length = 0;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  /** What is there already is read once, for its hash. More than the file should have is nothing of it. */
  static async open(file: string, sha256: string, sizeBytes: number): Promise<PartFile> {
    const path = `${file}.${sha256.slice(0, 16)}.part`;
    try {
      // A name that others can foresee may be a link that leads elsewhere.
      const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
      const part = new PartFile(path, await open(path, flags, 0o666));
      await part.readBack(sizeBytes);
      return part;
    } catch (error) {
      throw new CommandFailed(`${path} cannot be written: ${reasonOf(error)}`);
    }
  }

  get sizeBytes(): number {
    return this.length;
  }

  async append(chunk: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) {
        const { bytesWritten } = await this.handle.write(chunk, at, chunk.length - at, this.length + at);
        at += bytesWritten;
      }
    } catch (error) {
      throw new CommandFailed(`${this.path} cannot be written: ${reasonOf(error)}`);
    }
    this.hash.update(chunk);
    this.length += chunk.length;
  }

  /** From the beginning again. */
  async restart(): Promise<void> {
    await this.handle.truncate(0);
    this.hash = createHash('sha256');
    this.length = 0;
  }

  /** The hash of what is there. Nothing can be added afterwards. */
  digest(): string {
    return this.hash.digest('hex');
  }

  async becomes(file: string): Promise<void> {
    await this.handle.sync();
    await rename(this.path, file);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async readBack(sizeBytes: number): Promise<void> {
    if ((await this.handle.stat()).size > sizeBytes) return this.restart();
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const { bytesRead } = await this.handle.read(buffer, 0, buffer.length, this.length);
      if (bytesRead === 0) return;
      this.hash.update(buffer.subarray(0, bytesRead));
      this.length += bytesRead;
    }
  }
}
