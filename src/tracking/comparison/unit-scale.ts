/** To numbers from 0 to 1, whose squares can be added whatever they were; null where nothing varies. */
export function unitScale(values: readonly number[]): readonly number[] | null {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const half = most / 2 - least / 2; // the whole difference may be more than a number can be
  return half > 0 ? values.map((value) => (value / 2 - least / 2) / half) : null;
}
