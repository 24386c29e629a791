import { NO_REWARDS, type Rewards } from './bandit';
import { PredictionIds, type PredictionSource } from '../feedback/prediction-id';
import { ShadowRoom } from './shadow-room';
import { VariantHealth } from './variant-health';

/** What a process knows of a running variant, for as long as it leads to the same version. */
export class VariantKnowledge {
  readonly health = new VariantHealth(performance.now());
  /** For its copies, where it is a shadow. */
  readonly room = new ShadowRoom();
  readonly ids: PredictionIds;
  /** As they were read last; only where the endpoint learns. */
  rewards: Rewards = NO_REWARDS;

  constructor(
    secret: Buffer,
    readonly source: Omit<PredictionSource, 'byRule'>,
  ) {
    this.ids = new PredictionIds(secret, source);
  }
}

/** Routes are read again every few seconds; what is known of their variants outlives that. */
export class KnownVariants {
  private byKey = new Map<string, VariantKnowledge>();

  of(secret: Buffer, source: Omit<PredictionSource, 'byRule'>): VariantKnowledge {
    const key = keyOf(source);
    const known = this.byKey.get(key) ?? new VariantKnowledge(secret, source);
    this.byKey.set(key, known);
    return known;
  }

  /** Forgets what no route leads to any more. */
  keepOnly(inUse: Iterable<VariantKnowledge>): void {
    this.byKey = new Map([...inUse].map((known) => [keyOf(known.source), known]));
  }
}

const keyOf = ({ endpointId, versionId, variant }: Omit<PredictionSource, 'byRule'>) =>
  `${endpointId}/${versionId}/${variant}`;
