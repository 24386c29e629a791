import { type Features, fitFeatures, vectorOf } from './features';
import { accuracy, logLoss } from './metrics';
import { type Random, seededRandom, shuffled } from './random';
import { type Measurements, type Penguin, type Split, speciesOf } from './table';

/** Softmax regression over the raw columns: everything that is needed to predict. */
export interface Classifier {
  readonly labels: readonly string[];
  readonly features: Features;
  /** For each class one weight per feature: `[class][feature]`. */
  readonly weights: readonly (readonly number[])[];
  readonly biases: readonly number[];
}

/** How it went up to the end of one epoch; `classifier` is what stopping here would give. */
export interface Epoch {
  readonly epoch: number;
  readonly trainLogLoss: number;
  readonly valLogLoss: number;
  readonly valAccuracy: number;
  readonly classifier: Classifier;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
}

interface Example {
  readonly vector: readonly number[];
  readonly label: number;
}

/** Probability of each species for one bird, in the order of `labels`. */
export function probabilitiesOf(classifier: Classifier, measured: Measurements): number[] {
  return softmax(scores(classifier, vectorOf(classifier.features, measured)));
}

/** Gradient descent on mini-batches, one epoch at a time; the caller may stop whenever it likes. */
export function* train(data: Split, options: TrainingOptions): Generator<Epoch, void> {
  const labels = speciesOf(data.train);
  const features = fitFeatures(data.train);
  const asExamples = (penguins: readonly Penguin[]) =>
    penguins.map(({ species, measured }) => ({
      vector: vectorOf(features, measured),
      label: labels.indexOf(species),
    }));
  const training = asExamples(data.train);
  const holdout = asExamples(data.holdout);
  const random = seededRandom(options.seed);

  let classifier = untrained(labels, features, training[0]?.vector.length ?? 0);
  for (let epoch = 1; epoch <= options.epochs; epoch += 1) {
    classifier = afterOneEpoch(classifier, training, options, random);
    const seen = predictAll(classifier, training);
    const unseen = predictAll(classifier, holdout);
    yield {
      epoch,
      trainLogLoss: logLoss(seen, labelsOf(training)),
      valLogLoss: logLoss(unseen, labelsOf(holdout)),
      valAccuracy: accuracy(unseen, labelsOf(holdout)),
      classifier,
    };
  }
}

/** The loss is convex, so that starting at zero is as good as anywhere. */
function untrained(labels: readonly string[], features: Features, width: number): Classifier {
  const weights = labels.map(() => new Array<number>(width).fill(0));
  return { labels, features, weights, biases: labels.map(() => 0) };
}

function afterOneEpoch(
  start: Classifier,
  examples: readonly Example[],
  { learningRate, batchSize }: TrainingOptions,
  random: Random,
): Classifier {
  const order = shuffled(examples, random);
  let classifier = start;
  for (let first = 0; first < order.length; first += batchSize) {
    classifier = afterOneStep(classifier, order.slice(first, first + batchSize), learningRate);
  }
  return classifier;
}

/** The gradient of log loss with respect to a class' score is (probability − truth). */
function afterOneStep(classifier: Classifier, batch: readonly Example[], learningRate: number): Classifier {
  const rate = learningRate / batch.length;
  const errors = batch.map(({ vector, label }) =>
    softmax(scores(classifier, vector)).map((probability, k) => probability - (k === label ? 1 : 0)),
  );
  const errorOf = (example: number, label: number) => errors[example]?.[label] ?? 0;
  const slope = (label: number, valueOf: (example: Example) => number) =>
    batch.reduce((sum, example, i) => sum + errorOf(i, label) * valueOf(example), 0);
  return {
    ...classifier,
    weights: classifier.weights.map((weights, k) =>
      weights.map((weight, j) => weight - rate * slope(k, ({ vector }) => vector[j] ?? 0)),
    ),
    biases: classifier.biases.map((bias, k) => bias - rate * slope(k, () => 1)),
  };
}

function scores({ weights, biases }: Classifier, vector: readonly number[]): number[] {
  return weights.map((row, k) =>
    row.reduce((sum, weight, j) => sum + weight * (vector[j] ?? 0), biases[k] ?? 0),
  );
}

/** The largest score is taken off first, so that `exp` cannot overflow. */
function softmax(values: readonly number[]): number[] {
  const largest = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

const predictAll = (classifier: Classifier, examples: readonly Example[]) =>
  examples.map(({ vector }) => softmax(scores(classifier, vector)));

const labelsOf = (examples: readonly Example[]) => examples.map(({ label }) => label);
