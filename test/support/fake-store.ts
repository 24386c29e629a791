import type { SharedStore } from '../../src/serving/cache/cache-shared';

/** A store that processes share, in memory; it hangs, fails or lies when the test says so. */
export class FakeStore implements SharedStore {
  readonly values = new Map<string, string>();
  readonly asked: string[] = [];
  state: 'up' | 'hanging' | 'failing' = 'up';
  isClosed = false;

  get(key: string): Promise<unknown> {
    this.asked.push(key);
    return this.answer(this.values.get(key));
  }

  set(key: string, value: string): Promise<unknown> {
    if (this.state === 'up') this.values.set(key, value);
    return this.answer(true);
  }

  close(): Promise<unknown> {
    this.isClosed = true;
    return this.answer(undefined);
  }

  private answer<Value>(value: Value): Promise<Value> {
    if (this.state === 'hanging') return new Promise(() => undefined);
    return this.state === 'failing' ? Promise.reject(new Error('gone')) : Promise.resolve(value);
  }
}
