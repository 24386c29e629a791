import { BoundedMap } from '../../kernel/bounded-map';
import type { ModelVersionId } from '../../registry/registry';
import type { EndpointId } from '../endpoints/endpoint';
import { sequenceKey, type Sequence } from '../execution/sequence';

/** About 300 bytes each. Of more, the one that was asked longest ago goes by its key and the weights again. */
export const MAX_SEQUENCES = 32_768;

export interface SequencePlace {
  readonly versionId: ModelVersionId;
  /** Whether a rule, and no chance, has led it there. */
  readonly byRule: boolean;
}

/**
 * The version that each sequence of an endpoint has begun at, in this process: what it was asked before is known there
 * and nowhere else, whatever weights and rules have come to say since. Also after its end, which may have failed and be
 * asked again; one that begins anew forgets it.
 */
export class SequencePlaces {
  private readonly places = new BoundedMap<string, SequencePlace>(MAX_SEQUENCES);

  /** Undefined for a question that begins its sequence, and for one whose sequence is not known. */
  of(endpointId: EndpointId, sequence: Sequence): SequencePlace | undefined {
    return sequence.start ? undefined : this.places.get(keyOf(endpointId, sequence));
  }

  /** Of each question that goes there: the last one that is asked is the last one that is forgotten. */
  keep(endpointId: EndpointId, sequence: Sequence, place: SequencePlace): void {
    this.places.set(keyOf(endpointId, sequence), place);
  }
}

const keyOf = (endpointId: EndpointId, sequence: Sequence): string =>
  `${endpointId} ${sequenceKey(sequence)}`;
