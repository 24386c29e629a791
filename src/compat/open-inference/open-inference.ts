import type { Actor } from '../../kernel/actor';
import { answerJson, type AnswerError } from '../../kernel/http/http-answer';
import type { Exchange, Route } from '../../kernel/http/http-exchange';
import { InputCheck } from '../../kernel/input-check';
import type { LargeMemory } from '../../kernel/large-memory';
import type { ModelAddress, Serving } from '../../serving/serving';
import { callOf, type Call } from './call';
import { infer } from './infer';
import { modelMetadata, SERVER_METADATA } from './metadata';
import { modelConfig } from './model-config';
import { flagOf, isObject, type Json } from './parameters';
import { answerOpenInferenceError, answerRefused, Refused, refusedBecause } from './refused';
import { checkLoad, indexEntry } from './repository';
import { readJsonBody } from './request-body';
import { modelStatistics } from './statistics';

interface Needs {
  readonly serving: Serving;
  /** Whether everything that serving needs is there. */
  readonly isReady: () => Promise<boolean>;
  /** Where large questions lie. */
  readonly memory: LargeMemory;
}

/** The Open Inference Protocol over HTTP, with Triton's extensions: its clients ask our models without a change. */
export function openInferenceDoor(needs: Needs): {
  readonly prefix: string;
  readonly route: Route;
  readonly answerError: AnswerError;
} {
  const door = new OpenInference(needs);
  return {
    prefix: '/v2',
    route: (exchange, actor) => door.answer(exchange, actor),
    answerError: answerOpenInferenceError,
  };
}

class OpenInference {
  constructor(private readonly needs: Needs) {}

  async answer(exchange: Exchange, actor: Actor): Promise<void> {
    const { request, response, path } = exchange;
    const call = callOf(request.method ?? '', path);
    if (call instanceof Refused) return answerRefused(response, call);
    if (call.kind === 'infer') return infer(this.needs, exchange, actor, call);
    const answered = await this.tell(exchange, actor, call);
    if (answered instanceof Refused) return answerRefused(response, answered);
    answerJson(response, answered.status, answered.body);
  }

  private async tell(
    exchange: Exchange,
    actor: Actor,
    call: Exclude<Call, { readonly kind: 'infer' }>,
  ): Promise<Told | Refused> {
    switch (call.kind) {
      case 'server':
        return told(SERVER_METADATA);
      case 'live':
        return told({ live: true });
      case 'server-ready':
        return this.serverReady();
      case 'metadata':
        return this.ofModel(actor, call, (address) => told(modelMetadata(address)));
      case 'config':
        return this.ofModel(actor, call, (address) => told(modelConfig(address)));
      case 'ready':
        return this.ofModel(actor, call, ({ name, ready }) => told({ name, ready }, ready ? 200 : 503));
      case 'stats':
        return this.statistics(actor, call.model, call.version);
      case 'all-stats':
        return this.statistics(actor, null, null);
      case 'index':
        return this.index(exchange, actor);
      case 'load':
        return this.load(exchange, actor, call.model);
      case 'unload':
        return this.unload(exchange, actor, call.model);
    }
  }

  private async serverReady(): Promise<Told> {
    const ready = await this.needs.isReady();
    return told({ ready }, ready ? 200 : 503);
  }

  private async ofModel(
    actor: Actor,
    { model, version }: { readonly model: string; readonly version: string | null },
    tell: (address: ModelAddress) => Told,
  ): Promise<Told | Refused> {
    const address = await this.needs.serving.addressOf(actor, model, version);
    return 'kind' in address ? refusedBecause(address) : tell(address);
  }

  private async statistics(
    actor: Actor,
    model: string | null,
    version: string | null,
  ): Promise<Told | Refused> {
    const statistics = await this.needs.serving.statisticsOf(actor, model, version);
    return 'kind' in statistics
      ? refusedBecause(statistics)
      : told({ model_stats: statistics.map(modelStatistics) });
  }

  private async index({ request }: Exchange, actor: Actor): Promise<Told | Refused> {
    const wish = await readObject(request);
    if (wish instanceof Refused) return wish;
    const check = new InputCheck();
    const onlyReady = flagOf(wish, 'ready', 'request', check);
    const error = check.result();
    if (error) return refusedBecause(error);
    const entries = (await this.needs.serving.modelIndex(actor)).map(indexEntry);
    return told(onlyReady ? entries.filter(({ state }) => state === 'READY') : entries);
  }

  private async load({ request }: Exchange, actor: Actor, model: string): Promise<Told | Refused> {
    const wish = await readObject(request);
    if (wish instanceof Refused) return wish;
    const error = checkLoad(wish);
    if (error) return refusedBecause(error);
    const result = await this.needs.serving.load(actor, model);
    return result.ok ? told({}) : refusedBecause(result.error);
  }

  private async unload({ request }: Exchange, actor: Actor, model: string): Promise<Told | Refused> {
    const wish = await readObject(request);
    if (wish instanceof Refused) return wish;
    const result = await this.needs.serving.unload(actor, model);
    return result.ok ? told({}) : refusedBecause(result.error);
  }
}

interface Told {
  readonly status: number;
  readonly body: unknown;
}
const told = (body: unknown, status = 200): Told => ({ status, body });

async function readObject(request: Exchange['request']): Promise<Json | Refused> {
  const body = await readJsonBody(request);
  if (body instanceof Refused) return body;
  return isObject(body.json) ? body.json : new Refused(400, 'Expected a JSON object, or no body at all.');
}
