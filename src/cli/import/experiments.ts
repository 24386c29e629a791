import type { KeyValue } from '../../client/operations/runs';
import { factsThatFit, MAX_NAME_LENGTH } from './facts-that-fit';
import type { ImportTarget } from './import-target';
import { MlflowRefusal } from './mlflow-http';
import type { Tally } from './tally';

/** Longest value of an experiment's tag, in characters, as MLflow's protocol has it. */
const MAX_TAG_LENGTH = 5_000;

/** What a source says of an experiment. */
export interface SourceExperiment {
  readonly tags: readonly KeyValue[];
  readonly isDeleted: boolean;
}

/** The experiments that runs go to: found by their names, or made. */
export class Experiments {
  private readonly ids = new Map<string, string>();
  private readonly toDelete = new Set<string>();

  constructor(
    /** Null: nothing is written. */
    private readonly target: ImportTarget | null,
    private readonly tally: Tally,
    private readonly prefix: string,
    private readonly sources: ReadonlyMap<string, SourceExperiment> = new Map(),
  ) {}

  /** @param name as the source has it */
  async idOf(name: string): Promise<string> {
    const known = this.ids.get(name);
    if (known !== undefined) return known;
    const id = await this.find(`${this.prefix}${name}`, this.sources.get(name));
    this.ids.set(name, id);
    return id;
  }

  /** Without writing: an experiment that would come. */
  count(name: string): void {
    if (!this.ids.has(name)) this.tally.add('experiments');
    this.ids.set(name, '');
  }

  /** One that an earlier start has deleted, as its source was; it is deleted again at the end. */
  async reopen(id: string): Promise<void> {
    if (this.toDelete.has(id)) return;
    await this.target?.setExperimentDeleted(id, false);
    this.toDelete.add(id);
  }

  /** After the last run: a deleted experiment takes none. */
  async finish(): Promise<void> {
    for (const id of this.toDelete) await this.target?.setExperimentDeleted(id, true);
    this.toDelete.clear();
  }

  private async find(name: string, source: SourceExperiment | undefined): Promise<string> {
    if (!this.target) return '';
    if (name.length > MAX_NAME_LENGTH)
      throw new MlflowRefusal(
        'INVALID_INPUT',
        `An experiment's name has at most ${MAX_NAME_LENGTH} characters.`,
      );
    const found = await this.target.experiment(name);
    if (found) {
      if (found.isDeleted && source?.isDeleted) await this.reopen(found.id);
      else if (found.isDeleted)
        throw new MlflowRefusal(
          'DELETED',
          `The experiment “${name}” is deleted here: restore it, or give --experiment-prefix.`,
        );
      this.tally.wasThere('experiments');
      return found.id;
    }
    const tags = factsThatFit('tags', source?.tags ?? [], this.tally, name, MAX_TAG_LENGTH);
    const id = await this.target.createExperiment(name, tags);
    this.tally.add('experiments');
    if (source?.isDeleted) this.toDelete.add(id);
    return id;
  }
}
