import type { Id, ProjectId } from '../../kernel/ids';
import type { EndpointRouting } from './endpoint-routing';
import type { EndpointSettings } from './endpoint-settings';

export type EndpointId = Id<'endpoint'>;

/** One model version behind an endpoint, with its share of the traffic. */
export interface Variant {
  /** Unique within the endpoint. */
  readonly name: string;
  /** `name@alias` follows the alias; `name@1.2.0` stays where it is. */
  readonly ref: string;
  /** Share of the traffic, relative to the sum of the endpoint's weights. */
  readonly weight: number;
  /** Gets a copy of the traffic; its answers go to nobody. */
  readonly shadow: boolean;
  /** Workers that may hold its model, at most; absent or null: all. */
  readonly instances?: number | null;
}

/** A name that applications call. */
export interface Endpoint extends EndpointRouting {
  readonly id: EndpointId;
  readonly projectId: ProjectId;
  readonly name: string;
  /** Grows with every change; two people who change it at once cannot both win. */
  readonly revision: number;
  readonly variants: readonly Variant[];
  readonly settings: EndpointSettings;
}

/** What a caller says of a variant. */
export interface VariantInput {
  readonly name?: string | null;
  readonly ref: string;
  readonly weight: number;
  readonly shadow?: boolean | null;
  readonly instances?: number | null;
}
