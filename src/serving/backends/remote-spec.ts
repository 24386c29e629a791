import { isObject, type Json } from './bounded-json';
import { RemoteFailure } from './remote-failure';
import type { SaidTensor } from '../execution/remote-document';

/** Inputs, outputs and versions of one model that are looked at, and axes of one tensor. */
export const MAX_LISTED = 1_000;

/** A list in a remote's answer, as long as any model needs. */
export function listIn(json: Json, name: string): readonly unknown[] {
  const list = json[name] ?? [];
  if (Array.isArray(list) && list.length <= MAX_LISTED) return list as readonly unknown[];
  throw new RemoteFailure('broken', `The remote’s answer has no list “${name}” of at most ${MAX_LISTED}.`);
}

export const textIn = (json: Json, name: string): string =>
  typeof json[name] === 'string' ? json[name] : '';

/** Tensors as metadata of the Open Inference Protocol has them. */
export const specsIn = (json: Json, name: string): readonly SaidTensor[] =>
  listIn(json, name).map((tensor) => {
    if (!isObject(tensor)) throw new RemoteFailure('broken', `The remote’s “${name}” are no tensors.`);
    const shape = listIn(tensor, 'shape').map(Number);
    return { name: textIn(tensor, 'name'), datatype: textIn(tensor, 'datatype'), shape };
  });
