import type { KeyValue, RunStatus } from '../../../client/operations/runs';
import type { SourcePoint } from '../source-run';
import type { JsonItem, WandbRecord, WandbRun } from './wandb-record';
import { configTexts, namedValues } from './wandb-values';

/** W&B's own settings stand among those of the run. */
const OWN = '_wandb';

/** What a log says of its run, besides its points. */
export class OfflineFacts {
  run: WandbRun | null = null;
  program = '';
  user = '';
  repository = '';
  commit = '';
  private exitCode: number | null = null;
  private exitedAtMs: number | null = null;
  private lastMs = -Infinity;
  private lastStep = 0n;
  private begunMs: number | null = null;
  private readonly config = new Map<string, readonly KeyValue[]>();
  private readonly summary = new Map<string, number>();
  private readonly logged = new Set<string>();
  /** Names of what was logged over time, and is no number. */
  private readonly loggedOthers = new Set<string>();
  /** What of the summary is neither a number nor a text, by name. */
  private readonly others = new Map<string, string>();
  readonly summaryTexts = new Map<string, string>();

  learn(record: WandbRecord): void {
    switch (record.kind) {
      case 'run':
        return this.learnRun(record.run);
      case 'config':
        return this.learnConfig(record.items, record.removed);
      case 'history':
        return this.learnHistory(record.items, record.step);
      case 'summary':
        return this.learnSummary(record.items, record.removed);
      case 'stats':
        this.lastMs = Math.max(this.lastMs, record.atMs ?? -Infinity);
        return;
      case 'exit':
        this.exitCode = record.exitCode;
        this.exitedAtMs = (this.run?.startedAtMs ?? this.startedAtMs) + record.runtimeS * 1_000;
        return;
      case 'environment':
        this.program = record.program || this.program;
        this.user = record.user || this.user;
        this.repository = record.repository || this.repository;
        this.commit = record.commit || this.commit;
        return;
      default:
        return;
    }
  }

  /** 1970 where nothing says when. */
  get startedAtMs(): number {
    return this.begunMs ?? (Number.isFinite(this.lastMs) ? this.lastMs : 0);
  }

  /** What came last may have come after the whole seconds that the end is told in. */
  get endedAtMs(): number {
    return Math.max(this.exitedAtMs ?? this.startedAtMs, Number.isFinite(this.lastMs) ? this.lastMs : 0);
  }

  get hasEnded(): boolean {
    return this.exitCode !== null;
  }

  get status(): RunStatus {
    if (this.exitCode === null) return 'KILLED';
    return this.exitCode === 0 ? 'FINISHED' : 'FAILED';
  }

  get params(): readonly KeyValue[] {
    const texts = [...this.config].filter(([name]) => name !== OWN && !name.startsWith(`${OWN}.`));
    const byKey = new Map(
      texts.flatMap(([, values]) => values.map(({ key, value }) => [key, value] as const)),
    );
    return [...byKey].map(([key, value]) => ({ key, value }));
  }

  /** Numbers of the summary that were never logged over time, such as a best value: a point each. */
  summaryPoints(): readonly SourcePoint[] {
    return [...this.summary]
      .filter(([key]) => !key.startsWith('_') && !this.logged.has(key))
      .map(([key, value]) => ({ key, value, step: this.lastStep, timestampMs: this.endedAtMs }));
  }

  /** What only the summary has, and what is neither a number nor a text. */
  get summaryRest(): readonly { readonly name: string; readonly what: string }[] {
    return [...this.others]
      .filter(([name]) => !this.loggedOthers.has(name))
      .map(([name, what]) => ({ name, what }));
  }

  private learnRun(run: WandbRun): void {
    this.begunMs ??= run.startedAtMs;
    this.exitCode = null; // of the go before
    this.run = { ...run, displayName: run.displayName || (this.run?.displayName ?? '') };
    this.repository = run.repository || this.repository;
    this.commit = run.commit || this.commit;
    this.learnConfig(run.config, run.removed);
  }

  private learnConfig(items: readonly JsonItem[], removed: readonly (readonly string[])[]): void {
    for (const path of removed) this.config.delete(path.join('.'));
    for (const item of items) this.config.set(item.path.join('.'), configTexts(item));
  }

  private learnHistory(items: readonly JsonItem[], step: bigint | null): void {
    if (step !== null && step > this.lastStep) this.lastStep = step;
    for (const value of namedValues(items)) {
      if (value.kind !== 'number') {
        this.loggedOthers.add(value.name);
        continue;
      }
      this.logged.add(value.name);
      if (value.name === '_timestamp') this.lastMs = Math.max(this.lastMs, Math.round(value.value * 1_000));
    }
  }

  private learnSummary(items: readonly JsonItem[], removed: readonly (readonly string[])[]): void {
    for (const path of removed) {
      this.summary.delete(path.join('.'));
      this.summaryTexts.delete(path.join('.'));
      this.others.delete(path.join('.'));
    }
    for (const value of namedValues(items)) {
      if (value.name.startsWith('_')) continue;
      if (value.kind === 'number') this.summary.set(value.name, value.value);
      else if (value.kind === 'text') this.summaryTexts.set(value.name, value.value);
      else this.others.set(value.name, value.kind === 'media' ? value.type : 'lists and nulls');
    }
  }
}
