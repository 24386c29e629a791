import type { Actor } from '../../kernel/actor';
import type { AnswerError } from '../../kernel/http/http-answer';
import { isCallerGone } from '../../kernel/http/http-caller';
import type { Exchange, Route } from '../../kernel/http/http-exchange';
import { headerOf } from '../../kernel/http/http-header';
import type { Registry, Signature } from '../../registry/registry';
import { jsonGap, type Serving } from '../../serving/serving';
import { holdsBytes } from '../../kernel/tensors/binary-text';
import { wishesIn } from '../question-headers';
import { columnAnswer, rowAnswer } from './answer-text';
import { answerJsonText, answerRefusal, answerTfServingError, answerValue } from './answers';
import { modelOf } from './model-spec';
import { statusOf } from './model-status';
import { atTheirPlaces, readPredictBody } from './predict-body';
import { tellPrediction } from './prediction-headers';
import { readRequestJson } from './request-json';
import { callOf, type ModelSpec } from './request-path';
import { metadataOf } from './signature-def';

const DOOR = 'tf-serving';

interface Needs {
  readonly serving: Serving;
  readonly registry: Registry;
}

/** TensorFlow Serving's REST API: its clients ask our models without a change. */
export function tfServingDoor(needs: Needs): {
  readonly prefix: string;
  readonly route: Route;
  readonly answerError: AnswerError;
} {
  const door = new TfServing(needs);
  return {
    prefix: '/v1/models',
    route: (exchange, actor) => door.answer(exchange, actor),
    answerError: (response, status, _code, message) => answerTfServingError(response, status, message),
  };
}

class TfServing {
  constructor(private readonly needs: Needs) {}

  async answer(exchange: Exchange, actor: Actor): Promise<void> {
    const { request, response, path } = exchange;
    const call = callOf(request.method ?? '', path);
    switch (call.kind) {
      case 'predict':
        return this.predict(exchange, actor, call.spec);
      case 'status':
        return this.status(exchange, actor, call.spec);
      case 'metadata':
        return this.metadata(exchange, actor, call.spec);
      case 'classify':
      case 'regress':
        return answerTfServingError(response, 501, notImplemented(call.kind));
      case 'malformed':
        return answerTfServingError(response, 400, call.message);
    }
  }

  private async predict({ request, response }: Exchange, actor: Actor, spec: ModelSpec): Promise<void> {
    const { serving, registry } = this.needs;
    const target = await modelOf(registry, actor, async (...name) => serving.targetOf(actor, ...name), spec);
    if ('kind' in target) return answerRefusal(response, target);
    const { signature } = target.version;
    const body = await readRequestJson(request, { wideIntegers: hasWideIntegers(signature) });
    if (!body.ok) {
      await serving.misread(actor, target, DOOR, body.message);
      return answerTfServingError(response, body.status, body.message);
    }
    const asked = readPredictBody(body.json, signature);
    if (!asked.ok) {
      await serving.misread(actor, target, DOOR, asked.error.message);
      return answerRefusal(response, asked.error);
    }
    const headers = (name: string) => headerOf(request, name);
    const wishes = wishesIn(headers);
    if ('kind' in wishes) {
      await serving.misread(actor, target, DOOR, wishes.message);
      return answerRefusal(response, wishes);
    }
    const inputs = asked.inputs.map(({ tensor }) => tensor);
    const { endpoint, ref, pinned } = target;
    const isAbandoned = () => isCallerGone(request);
    const { receivedAt } = body;
    const caller = { door: DOOR, receivedAt, headers, isAbandoned } as const;
    const result = await serving.predict(actor, { endpoint, ref, pinned, inputs, ...wishes, ...caller });
    if (!result.ok) return answerRefusal(response, atTheirPlaces(result.error, asked));
    const answeredAt = performance.now();
    const gap = jsonGap(result.outputs, OTHER_FORMS, (name) => !holdsBytes(name));
    if (gap) return answerRefusal(response, gap);
    const text = asked.form === 'row' ? rowAnswer(result.outputs) : columnAnswer(result.outputs);
    if (text === null) return answerTfServingError(response, 400, NO_ROWS);
    tellPrediction(response, result);
    answerJsonText(response, text);
    serving.encoded(result, DOOR, performance.now() - answeredAt);
  }

  /** Of one version where one is named, else of all that the model has. */
  private async status({ response }: Exchange, actor: Actor, spec: ModelSpec): Promise<void> {
    const address = await this.addressOf(actor, spec);
    if ('kind' in address) return answerRefusal(response, address);
    const isOne = spec.version !== null || spec.label !== null;
    const versions = isOne ? [address.version] : address.versions;
    answerValue(
      response,
      statusOf(versions, (version) => this.needs.serving.whyNot(version)),
    );
  }

  private async metadata({ response }: Exchange, actor: Actor, spec: ModelSpec): Promise<void> {
    const address = await this.addressOf(actor, spec);
    if ('kind' in address) return answerRefusal(response, address);
    answerValue(response, metadataOf(spec.model, address.version));
  }

  private addressOf(actor: Actor, spec: ModelSpec) {
    const { serving, registry } = this.needs;
    return modelOf(registry, actor, (...name) => serving.addressOf(actor, ...name), spec);
  }
}

/** What carries bytes that are no text. */
const OTHER_FORMS = 'an output whose name ends in “_bytes”, or the Open Inference Protocol’s binary form';

const NO_ROWS =
  'The model’s outputs do not have the same number of rows. Ask in the column form, {"inputs": …}, which needs none.';

const notImplemented = (verb: string): string =>
  `“:${verb}” takes tf.Example records, which models in ONNX do not read. Ask with “:predict” instead.`;

const hasWideIntegers = ({ inputs }: Signature): boolean =>
  inputs.some(({ datatype }) => datatype === 'INT64' || datatype === 'UINT64');
