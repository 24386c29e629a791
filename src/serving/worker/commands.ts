import type { InferenceSession } from 'onnxruntime-node';
import type { Tensor } from '../../kernel/tensors/tensor';
import type { ColumnPlace } from '../../registry/registry';
import { declaredSignature, type DeclaredSignature } from '../inspection/declared-signature';
import { freeMemory } from './free-memory';
import { createSession, inspectOnnx } from './inspect-onnx';
import { measureLatency } from '../inspection/measure-latency';
import { answersWithout } from '../inspection/missing-values';
import { readOnnxFile, type OnnxFile } from './onnx-file';
import { isOutOfMemory, ortMessage } from './ort-message';
import { acceptedInputs } from '../inspection/probe-batching';
import type { Command, FailureKind, Reply } from './protocol';
import { ModelRefusal } from '../inspection/refusal';
import { runSession } from './run-session';
import { runnableSession } from './runnable-session';
import { warmUp } from './warm-up';

/** Files of which no garbage is worth waiting for, in bytes: the runtime itself takes more. */
const SMALL_FILE_BYTES = 4 * 1024 * 1024;

/** The size of the process is told with a run no more often than this, in ms. */
const TELL_SIZE_EVERY_MS = 1_000;

export interface Outcome {
  readonly reply: Reply;
  readonly tensors: readonly Tensor[];
}

export type Work = Exclude<Command, { type: 'stop' }>;

/** What a worker can do, over the sessions it holds. The parent decides which models those are. */
export class Commands {
  private readonly sessions = new Map<string, InferenceSession>();
  private toldSizeAt = 0;

  constructor(private readonly options: InferenceSession.SessionOptions) {}

  async perform(command: Work, tensors: readonly Tensor[]): Promise<Outcome> {
    try {
      return await this.dispatch(command, tensors);
    } catch (error) {
      return answer({ type: 'failed', kind: failureKind(error), message: ortMessage(error) });
    }
  }

  async releaseAll(): Promise<void> {
    for (const session of this.sessions.values()) await session.release();
    this.sessions.clear();
  }

  private async dispatch(command: Work, tensors: readonly Tensor[]): Promise<Outcome> {
    switch (command.type) {
      case 'run':
        return this.run(command.sha256, tensors, command.outputs);
      case 'load':
        return this.load(command.sha256, command.path, command.rows);
      case 'unload':
        return this.unload(command.sha256);
      case 'free-memory':
        await freeMemory();
        return sized();
      case 'inspect':
        return answer({ type: 'inspected', inspection: await inspectOnnx(command.path, this.options) });
      case 'measure':
        return this.measure(command.path, command.samples, tensors);
      case 'try-missing':
        return this.tryMissing(command.path, command.columns);
    }
  }

  private async run(
    sha256: string,
    inputs: readonly Tensor[],
    outputs: readonly string[] | undefined,
  ): Promise<Outcome> {
    const session = this.sessions.get(sha256);
    if (session === undefined) throw new ModelRefusal('CANNOT_LOAD', 'The model is not loaded.');
    const start = performance.now();
    const results = await runSession(session, inputs, outputs);
    const end = performance.now();
    const reply: Reply = { type: 'ran', computeMs: end - start };
    if (end - this.toldSizeAt < TELL_SIZE_EVERY_MS) return { reply, tensors: results };
    this.toldSizeAt = end;
    return { reply: { ...reply, rssBytes: process.memoryUsage.rss() }, tensors: results };
  }

  private async load(sha256: string, path: string, rows: number | undefined): Promise<Outcome> {
    if (!this.sessions.has(sha256)) {
      const sizeBytes = await this.open(sha256, await readOnnxFile(path), rows);
      if (sizeBytes > SMALL_FILE_BYTES) await freeMemory();
    }
    return sized();
  }

  /** Answers the size of the file, which nothing holds any more then. */
  private async open(sha256: string, { model, bytes }: OnnxFile, rows: number | undefined): Promise<number> {
    const session = await createSession(bytes, this.options);
    try {
      if (rows !== undefined) await warmUp(session, signatureOf(model), rows);
    } catch (error) {
      await session.release();
      throw error;
    }
    this.sessions.set(sha256, session);
    return bytes.byteLength;
  }

  private async unload(sha256: string): Promise<Outcome> {
    const session = this.sessions.get(sha256);
    this.sessions.delete(sha256);
    // Never left to the garbage collector, which does not see the native memory behind a session.
    await session?.release();
    return sized();
  }

  private measure(path: string, samples: number, given: readonly Tensor[]): Promise<Outcome> {
    return this.onTrial(path, async (session, signature) => {
      const inputs = given.length > 0 ? given : await acceptedInputs(runnableSession(session), signature);
      if (inputs === undefined)
        throw new RangeError('The model accepts none of the made-up inputs; give one row to measure with.');
      return answer({
        type: 'measured',
        ...(await measureLatency(runnableSession(session), inputs, samples)),
      });
    });
  }

  private tryMissing(path: string, columns: readonly ColumnPlace[]): Promise<Outcome> {
    return this.onTrial(path, async (session, signature) =>
      answer({
        type: 'tried-missing',
        answers: await answersWithout(runnableSession(session), signature, columns),
      }),
    );
  }

  /** A session for one command: what is only tried is not kept. */
  private async onTrial(
    path: string,
    work: (session: InferenceSession, signature: DeclaredSignature) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { model, bytes } = await readOnnxFile(path);
    const signature = signatureOf(model);
    const session = await createSession(bytes, this.options);
    try {
      return await work(session, signature);
    } finally {
      await session.release();
    }
  }
}

function signatureOf({ graph }: OnnxFile['model']): DeclaredSignature {
  if (graph === undefined) throw new ModelRefusal('NOT_ONNX', 'The file holds no graph.');
  return declaredSignature(graph);
}

function answer(reply: Reply): Outcome {
  return { reply, tensors: [] };
}

const sized = (): Outcome => answer({ type: 'done', rssBytes: process.memoryUsage.rss() });

function failureKind(error: unknown): FailureKind {
  if (isOutOfMemory(error)) return 'out-of-memory';
  if (error instanceof ModelRefusal || isFileError(error)) return 'load-failed';
  return 'invalid-input';
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
