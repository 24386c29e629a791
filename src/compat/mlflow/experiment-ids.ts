import type { Actor } from '../../kernel/actor';
import { encodeNodeId, idOf } from '../../kernel/ids';
import type { Experiment, ExperimentId, StartRunInput, Tracking } from '../../tracking/tracking';
import { doesNotExist, unlessRefused } from './mlflow-error';

/** What clients call the experiment of those who name none. It is the one named “Default”, made on first use. */
const DEFAULT_ID = '0';
const DEFAULT_NAME = 'Default';

/** The id by which MLflow's clients know an experiment: the node id of GraphQL, but for the default one. */
export const experimentKey = ({ id, name }: Pick<Experiment, 'id' | 'name'>): string =>
  name === DEFAULT_NAME ? DEFAULT_ID : encodeNodeId('experiment', id);

/** Where the files of an experiment's runs are: an address of ours, whatever a client asked for. */
export const experimentUri = (experiment: Experiment): string =>
  `mlflow-artifacts:/${experimentKey(experiment)}`;

const noExperiment = (key: string) => doesNotExist(`No Experiment with id=${key} exists.`);

/** Finds experiments by the ids that clients know them by. */
export class ExperimentIds {
  constructor(private readonly tracking: Tracking) {}

  /** Throws where there is none. */
  async experiment(actor: Actor, key: string): Promise<Experiment> {
    const [experiment] = await this.experiments(actor, [key]);
    if (!experiment) throw noExperiment(key);
    return experiment;
  }

  /** Which experiment a new run is of: whether it is there, is found with the run. Throws where it cannot be. */
  ofNewRun(key: string): StartRunInput['experiment'] {
    const id = idOf('experiment', key);
    if (id !== null) return { id };
    if (key === DEFAULT_ID) return DEFAULT_NAME;
    throw noExperiment(key);
  }

  /** Those of the experiments that there are; the default one is made where it is named and missing. */
  async experiments(actor: Actor, keys: readonly string[]): Promise<readonly Experiment[]> {
    const ids = keys.flatMap((key) => idOf('experiment', key) ?? []);
    const found = await this.tracking.experimentsByIds(actor, ids);
    const known = found.filter((experiment) => experiment !== null);
    return keys.includes(DEFAULT_ID) ? [...known, await this.default(actor)] : known;
  }

  /** The ids that clients know these experiments by. */
  async keysOf(actor: Actor, ids: readonly ExperimentId[]): Promise<ReadonlyMap<ExperimentId, string>> {
    const distinct = [...new Set(ids)];
    const experiments = await this.tracking.experimentsByIds(actor, distinct);
    return new Map(experiments.flatMap((one) => (one ? [[one.id, experimentKey(one)] as const] : [])));
  }

  private async default(actor: Actor): Promise<Experiment> {
    const found = await this.tracking.experimentByName(actor, DEFAULT_NAME);
    return (
      found ?? unlessRefused(await this.tracking.createExperiment(actor, { name: DEFAULT_NAME })).experiment
    );
  }
}
