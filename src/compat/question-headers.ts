import { shorten, type InvalidInput } from '../kernel/errors';
import { InputCheck } from '../kernel/input-check';
import { MAX_TIMEOUT_MS, type PredictRequest } from '../serving/serving';
import { isLevel, LEVELS, priorityAt } from './priority-level';

const ROUTING_KEY = 'x-modelgraph-routing-key';
const TIMEOUT = 'x-modelgraph-timeout-ms';
const PRIORITY = 'x-modelgraph-priority';

/** What a caller says beside its question, whichever protocol it speaks. */
type Wishes = Pick<PredictRequest, 'routingKey' | 'timeoutMs' | 'priority'>;

const NONE: Wishes = {};

/**
 * An empty header says nothing.
 *
 * @param header the value of an HTTP header, or of gRPC metadata, by its name in lower case
 */
export function wishesIn(header: (name: string) => string | undefined): Wishes | InvalidInput {
  const routingKey = header(ROUTING_KEY);
  const timeout = header(TIMEOUT);
  const level = header(PRIORITY);
  if (!routingKey && !timeout && !level) return NONE;
  const check = new InputCheck();
  const wishes: Wishes = {
    routingKey: routingKey || null,
    timeoutMs: timeout ? timeoutOf(timeout, check) : null,
    priority: level ? priorityOf(level, check) : null,
  };
  return check.result() ?? wishes;
}

function timeoutOf(text: string, check: InputCheck): number | null {
  const timeoutMs = numberIn(text);
  if (timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  check.add(TIMEOUT, `1 to ${MAX_TIMEOUT_MS} ms`, shorten(text));
  return null;
}

function priorityOf(text: string, check: InputCheck): PredictRequest['priority'] {
  const level = numberIn(text);
  if (isLevel(level)) return priorityAt(level);
  check.add(PRIORITY, LEVELS, shorten(text));
  return null;
}

/** NaN where it is not written in digits. */
const numberIn = (text: string): number => (/^-?\d{1,20}(\.\d{1,20})?$/.test(text) ? Number(text) : NaN);
