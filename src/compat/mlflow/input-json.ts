import { CONTEXT_TAG, type RunInput } from '../../tracking/tracking';
import { listOrNothing, type Json } from './answer-json';

/** What a run reads, as MLflow's answers have it. */
export const inputJson = ({
  name,
  digest,
  sourceType,
  source,
  schema,
  profile,
  tags,
  context,
}: RunInput): Json => ({
  tags: listOrNothing(
    Object.entries({ ...(context !== '' && { [CONTEXT_TAG]: context }), ...tags }).map(([key, value]) => ({
      key,
      value,
    })),
  ),
  dataset: {
    name,
    digest,
    source_type: sourceType,
    source,
    schema: schema ?? undefined,
    profile: profile ?? undefined,
  },
});
