import { setTimeout as pause } from 'node:timers/promises';
import { delayMs } from '../client/backoff';
import { reasonOf } from '../client/client-error';
import { CommandFailed } from './command';
import type { RunArtifact } from './operations/run-artifacts';
import { PartFile } from './part-file';
import { headersOf, type ServerAccess } from './server-access';

/** What of a refusal is shown. */
const MAX_SHOWN = 200;
/** Silence of a connection after which it counts as broken, in ms. */
const SILENCE_MS = 60_000;
/** Answers after which the same question may be answered otherwise. */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/**
 * Writes the bytes to a file beside the one that was named, and gives it its name once they are those that were asked
 * for: what was there is whole until then. Where the connection breaks, it goes on at the byte where it broke; where it
 * stays broken, what has come stays too, and the next call goes on there.
 *
 * @param timeoutMs how long to try while nothing comes
 */
export async function downloadTo(
  access: ServerAccess,
  artifact: RunArtifact,
  file: string,
  timeoutMs: number,
): Promise<void> {
  const { sha256, sizeBytes } = artifact;
  const total = Number(sizeBytes);
  const part = await PartFile.open(file, sha256, total);
  let keepsPart = true;
  try {
    await fill(part, access, artifact, total, timeoutMs);
    const digest = part.digest();
    keepsPart = digest === sha256;
    if (!keepsPart)
      throw new CommandFailed(`The bytes that came hash to ${digest}, not to ${sha256}. Nothing was kept.`);
    await part.becomes(file);
  } catch (error) {
    keepsPart &&= !(error instanceof TooManyBytes) && part.sizeBytes > 0;
    if (!keepsPart) await part.remove();
    if (error instanceof CommandFailed) throw error;
    const rest = keepsPart
      ? ` ${part.sizeBytes} of ${total} bytes are in ${part.path}: the same command goes on from there.`
      : '';
    throw new CommandFailed(`“${artifact.path}” could not be brought to ${file}: ${reasonOf(error)}.${rest}`);
  } finally {
    await part.close();
  }
}

/** Asks for what is missing until nothing is. */
async function fill(
  part: PartFile,
  access: ServerAccess,
  artifact: RunArtifact,
  total: number,
  timeoutMs: number,
): Promise<void> {
  let until = performance.now() + timeoutMs;
  let failures = 0;
  while (part.sizeBytes < total) {
    const before = part.sizeBytes;
    try {
      await receive(part, access, artifact, total);
      if (part.sizeBytes < total) throw new Error('the connection ended too early');
    } catch (error) {
      if (error instanceof CommandFailed) throw error;
      if (part.sizeBytes > before) [failures, until] = [0, performance.now() + timeoutMs];
      failures += 1;
      const waitMs = delayMs(failures, null, Math.random());
      if (performance.now() + waitMs >= until) throw error;
      await pause(waitMs);
    }
  }
}

async function receive(
  part: PartFile,
  access: ServerAccess,
  { sha256, sizeBytes }: RunArtifact,
  total: number,
): Promise<void> {
  const start = part.sizeBytes;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error(`nothing for ${SILENCE_MS / 1_000} s`)), SILENCE_MS);
  try {
    const response = await fetch(`${access.url}/artifacts/sha256/${sha256}`, {
      headers: {
        ...headersOf(access),
        ...(start > 0 && { range: `bytes=${start}-`, 'if-range': `"${sha256}"` }),
      },
      redirect: 'error',
      signal: silence.signal,
    });
    if (!response.ok || !response.body) throw await refusalOf(response);
    const goesOn = response.status === 206 && beginsAt(response, start);
    if (start > 0 && !goesOn) await part.restart();
    if (response.status === 206 && !goesOn)
      throw new Error('another part of the file came than was asked for');
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      timer.refresh();
      if (part.sizeBytes + chunk.length > total) throw new TooManyBytes(sizeBytes);
      await part.append(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
}

const beginsAt = (response: Response, start: number): boolean =>
  response.headers.get('content-range')?.startsWith(`bytes ${start}-`) ?? false;

async function refusalOf(response: Response): Promise<Error> {
  const text = (await response.text()).slice(0, MAX_SHOWN);
  const message = `The download was answered ${response.status}: ${text}`;
  return LATER.has(response.status) ? new Error(message) : new CommandFailed(message);
}

/** More than there should be ends a download, so that no server fills a disk. */
class TooManyBytes extends CommandFailed {
  constructor(sizeBytes: string | number) {
    super(`More than the ${sizeBytes} bytes of the file came. Nothing was kept.`);
  }
}
