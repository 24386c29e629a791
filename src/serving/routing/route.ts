import type { EndpointId } from '../endpoints/endpoint';
import type { EndpointSettings } from '../endpoints/endpoint-settings';
import type { RunningVariant } from './running-endpoint';
import type { ServedModel } from '../predictions/served-model';

/** Which version answers, and on whose behalf. */
export interface Route {
  readonly model: ServedModel;
  /** The endpoint's; the defaults where a version was asked for by reference. */
  readonly settings: EndpointSettings;
  /** Null where a version was asked for by reference: such predictions are no endpoint's traffic. */
  readonly endpoint: {
    readonly id: EndpointId;
    readonly name: string;
    readonly variant: RunningVariant;
    /** Whether a rule or the caller has decided, and no chance. */
    readonly byRule?: boolean;
    /** What the variant's health wants to hear with the outcome; absent where it is to learn nothing. */
    readonly era?: number;
    readonly shadows: readonly RunningVariant[];
  } | null;
}
