import type { ProjectId } from '../../kernel/ids';
import type { Endpoint, EndpointId, Variant } from '../endpoints/endpoint';
import type { EndpointSettings } from '../endpoints/endpoint-settings';
import { runningRules, type RunningRule } from './running-rules';
import type { ServedModel } from '../predictions/served-model';
import type { Strategy } from '../endpoints/strategy';
import type { VariantKnowledge } from './variant-knowledge';

export interface RunningVariant extends Variant {
  readonly model: ServedModel;
  /** What this process has learnt of it since it leads to this version. */
  readonly known: VariantKnowledge;
}

export interface RunningEndpoint {
  readonly id: EndpointId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly settings: EndpointSettings;
  readonly rules: readonly RunningRule<RunningVariant>[];
  readonly strategy: Strategy;
  /** Those that answer, at least one of them with a positive weight. */
  readonly variants: readonly RunningVariant[];
  readonly shadows: readonly RunningVariant[];
}

/** Undefined where no variant that may answer leads to a version. */
export function runningEndpoint(
  endpoint: Endpoint,
  modelOf: (variant: Variant) => ServedModel | undefined,
  knowledgeOf: (variant: Variant, model: ServedModel) => VariantKnowledge,
): RunningEndpoint | undefined {
  const { id, projectId, name, settings, strategy } = endpoint;
  const running = endpoint.variants.flatMap((variant): RunningVariant[] => {
    const model = modelOf(variant);
    return model ? [{ ...variant, model, known: knowledgeOf(variant, model) }] : [];
  });
  const variants = running.filter(({ shadow }) => !shadow);
  if (!variants.some(({ weight }) => weight > 0)) return undefined;
  const shadows = running.filter(({ shadow }) => shadow);
  const { columns } = mainVariant(variants).model.version.signature;
  const rules = runningRules(endpoint.rules, variants, columns);
  return { id, projectId, name, settings, strategy, rules, variants, shadows };
}

/** The one with most of the traffic: callers see its signature. */
export function mainVariant(variants: readonly RunningVariant[]): RunningVariant {
  const [first, ...others] = variants;
  if (!first) throw new Error('A running endpoint has a variant.');
  return others.reduce((main, variant) => (variant.weight > main.weight ? variant : main), first);
}
