import type { Door, Observation, PredictionObserver, PredictSuccess } from '../serving/serving';
import type { LatencyRecorder } from './latency-recorder';
import type { PredictionWatch } from './prediction-watch';

/** All who learn from predictions here, as one. */
export class PredictionObservers implements PredictionObserver {
  constructor(
    private readonly recorder: LatencyRecorder,
    private readonly watch: PredictionWatch,
  ) {}

  observe(observation: Observation): void {
    this.recorder.observe(observation);
    if (this.watch.isWatched) this.watch.observe(observation);
  }

  encoded(answer: PredictSuccess, door: Door, encodeMs: number): void {
    this.recorder.encoded(answer, door, encodeMs);
  }
}
