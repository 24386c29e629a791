import { contractChanges } from '../contract/contract-changes';
import type { OptimizingMetric } from '../models/model';
import type { Signature } from '../contract/signature';
import { numberText, numberTexts } from '../number-text';

export interface VersionNumber {
  readonly major: number;
  readonly minor: number;
  readonly pipeline: number;
}

type VersionComponent = 'MAJOR' | 'MINOR' | 'PIPELINE';

/** Why a version has its number. */
export interface VersionReason {
  /** Which part of the number moved. */
  readonly component: VersionComponent;
  readonly summary: string;
  /** The facts that decided, one a line. */
  readonly evidence: readonly string[];
}

/** A value of the optimizing metric on one dataset version, which is what makes two values comparable. */
interface Score {
  readonly dataset: string;
  readonly value: number;
}

/** All that a number follows from. */
export interface NumberingFacts {
  /** The newest version of the highest MAJOR; null for a model's first version. */
  readonly newest: { readonly number: VersionNumber; readonly signature: Signature } | null;
  /** Null: the model has no policy. */
  readonly optimizing: OptimizingMetric | null;
  readonly signature: Signature;
  /** The new version's values of the optimizing metric, one a dataset; those without a dataset are left out. */
  readonly scores: readonly Score[];
  /** The best values among the versions of the highest MAJOR, one a dataset. NaN is never the best. */
  readonly best: readonly (Score & { readonly number: VersionNumber })[];
}

export interface Numbering {
  readonly number: VersionNumber;
  readonly reason: VersionReason;
}

/** Works out a version's number, and why. */
export function nextNumber(facts: NumberingFacts): Numbering {
  const { newest } = facts;
  if (newest === null) {
    const reason = { component: 'MAJOR', summary: 'The first version of the model.', evidence: [] } as const;
    return { number: { major: 1, minor: 0, pipeline: 0 }, reason };
  }
  const changes = contractChanges(newest.signature, facts.signature);
  if (changes.length > 0) return majorAfter(newest.number, changes);
  const { isBetter, summary, evidence } = compareScores(facts, newest.number.major);
  const { major, minor, pipeline } = newest.number;
  return isBetter
    ? { number: { major, minor: minor + 1, pipeline: 0 }, reason: { component: 'MINOR', summary, evidence } }
    : {
        number: { major, minor, pipeline: pipeline + 1 },
        reason: { component: 'PIPELINE', summary, evidence },
      };
}

function majorAfter(before: VersionNumber, changes: readonly string[]): Numbering {
  const summary = `The data contract of ${versionText(before)} broke.`;
  return {
    number: { major: before.major + 1, minor: 0, pipeline: 0 },
    reason: { component: 'MAJOR', summary, evidence: changes },
  };
}

interface Comparison {
  readonly isBetter: boolean;
  readonly summary: string;
  readonly evidence: readonly string[];
}

const notBetter = (summary: string, ...evidence: string[]): Comparison => ({
  isBetter: false,
  summary: `Same data contract; ${summary}`,
  evidence,
});

/** Better than the best on every dataset that both were measured on, and there is such a dataset. */
function compareScores({ optimizing, scores, best }: NumberingFacts, major: number): Comparison {
  if (optimizing === null) {
    return notBetter(
      'the model has no optimizing metric to be better on.',
      'no optimizing metric: createModel declares one',
    );
  }
  const { key } = optimizing;
  if (scores.length === 0) {
    return notBetter(
      `it says no ${key} on any evaluation data.`,
      `${key} was not given with a dataset: on which data is unknown`,
    );
  }
  const pairs = scores.flatMap((score) => {
    const champion = best.find(({ dataset }) => dataset === score.dataset);
    return champion ? [compare(optimizing, score, champion)] : [];
  });
  if (pairs.length === 0) {
    return notBetter(
      `no version of MAJOR ${major} has a ${key} on the same evaluation data.`,
      ...scores.map(
        ({ value, dataset }) =>
          `${key} ${numberText(value)} on ${dataset}, where there is nothing to compare with`,
      ),
    );
  }
  const evidence = pairs.map((pair) => pair.text);
  return pairs.every((pair) => pair.isBetter)
    ? {
        isBetter: true,
        summary: `Same data contract, and better on ${key} than the best of MAJOR ${major}.`,
        evidence,
      }
    : notBetter(`not better on ${key} than the best of MAJOR ${major}.`, ...evidence);
}

function compare(
  optimizing: OptimizingMetric,
  score: Score,
  champion: Score & { readonly number: VersionNumber },
) {
  const { key, direction, tolerance } = optimizing;
  const gain = direction === 'MINIMIZE' ? champion.value - score.value : score.value - champion.value;
  const isBetter = gain > tolerance;
  const [value, bar] = numberTexts(score.value, champion.value);
  const fact = `${key} ${value} ${sign(score.value, champion.value)} ${bar} of ${versionText(champion.number)} on ${score.dataset}`;
  return { isBetter, text: `${fact}${judgement(gain, tolerance)}` };
}

function judgement(gain: number, tolerance: number): string {
  if (!(gain > 0) || tolerance === 0) return '';
  const [better, allowed] = numberTexts(gain, tolerance);
  return gain > tolerance
    ? ` (better by ${better}; the tolerance is ${allowed})`
    : ` (better by ${better}, which is within the tolerance of ${allowed})`;
}

function sign(a: number, b: number): string {
  if (a === b) return '=';
  if (a < b) return '<';
  return a > b ? '>' : 'is not comparable with';
}

export const versionText = ({ major, minor, pipeline }: VersionNumber): string =>
  `${major}.${minor}.${pipeline}`;

const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/; // 9 digits fit the database's integer

/** Null where the text is not `MAJOR.MINOR.PIPELINE`. */
export function parseVersionNumber(text: string): VersionNumber | null {
  const match = VERSION.exec(text);
  return match && { major: Number(match[1]), minor: Number(match[2]), pipeline: Number(match[3]) };
}
