import 'reflect-metadata';
import type { Actor } from '../../../src/kernel/actor';
import { OperationContext } from '../../../src/graphql/context';
import type { Services } from '../../../src/graphql/resolvers';
import type { PredictResult } from '../../../src/serving/serving';

const bytes = new Uint8Array(4);
const inputs = [{ name: 'x', datatype: 'FP32', shape: [1], bytes }];
const spent = { ok: true, spent: true } as PredictResult;
const kept = { ok: true, spent: false } as PredictResult;
const refused = { ok: false } as PredictResult;

/** What is spent after so many questions about the same values, of which these have been told. */
function spentAfter(questions: number, ...results: readonly PredictResult[]) {
  const context = new OperationContext({} as Services, {} as Actor);
  // Resolvers get a copy, as Apollo makes it.
  const copy = Object.assign(Object.create(OperationContext.prototype) as OperationContext, context);
  for (let question = 0; question < questions; question += 1) copy.predicting(inputs);
  for (const result of results) copy.predicted(result);
  return context.spentBytes();
}

test('values are spent once every question about them has an answer, and nobody kept them', () => {
  expect(spentAfter(1, spent)).toEqual([bytes]);
  expect(spentAfter(2, spent, spent)).toEqual([bytes, bytes]);
});

test.each([
  ['one is under way, as where another has thrown', 2, [spent]],
  ['one was refused', 2, [refused, spent]],
  ['somebody keeps what one was about', 2, [spent, kept]],
  ['none was asked', 0, []],
])('nothing is spent where %s', (_, questions, results) => {
  expect(spentAfter(questions, ...results)).toEqual([]);
});
