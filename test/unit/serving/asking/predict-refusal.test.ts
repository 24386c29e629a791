import { InvalidInput } from '../../../../src/serving/execution/invalid-input';
import { refusalOf } from '../../../../src/serving/asking/predict-refusal';

test.each(['text that the model cannot carry.', 'text that the model cannot carry'])(
  '“%s” ends in one full stop',
  (said) => {
    expect(refusalOf(new InvalidInput(said)).error.message).toBe(
      'inputs: expected values that the model accepts, got text that the model cannot carry.',
    );
  },
);
