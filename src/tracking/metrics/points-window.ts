import { concatColumns, eachOnce, pick, type PointColumns } from './metric-columns';
import {
  compareMoments,
  compareRow,
  inOrderOfTime,
  placeOf,
  type Moment,
  type TimePlace,
} from './time-order';

/**
 * The next points after a place, in order of time, out of points that come in any order: twice as many as are wanted
 * are held, whatever comes.
 */
export class PointsWindow {
  private parts: PointColumns[] = [];
  private count = 0;
  /** Where enough have come: what lies beyond is not wanted. */
  private bound: TimePlace | null = null;
  private hasLeft = false;

  /** @param after null: from the beginning */
  constructor(
    private readonly after: TimePlace | null,
    private readonly size: number,
  ) {}

  add(points: PointColumns): void {
    const rows = Uint32Array.from(points.values.keys()).filter((row) => this.wants(points, row));
    if (rows.length === 0) return;
    this.parts.push(rows.length === points.values.length ? points : pick(points, rows));
    this.count += rows.length;
    // The first bound is found as soon as there may be one; each later one costs a sort, so it waits for more.
    if (this.count >= (this.bound === null ? this.size : 2 * this.size)) this.settle();
  }

  /** Whether enough points are there that come before this moment. */
  endsBefore(moment: Moment): boolean {
    return this.bound !== null && compareMoments(this.bound, moment) < 0;
  }

  /** What was wanted, each point once; and whether any came that lie beyond it. */
  points(): { readonly points: PointColumns; readonly hasLeft: boolean } {
    this.settle();
    return { points: concatColumns(this.parts), hasLeft: this.hasLeft };
  }

  private wants(points: PointColumns, row: number): boolean {
    if (this.after !== null && compareRow(points, row, this.after) <= 0) return false;
    if (this.bound === null) return true;
    const order = compareRow(points, row, this.bound);
    if (order > 0) this.hasLeft = true;
    return order < 0;
  }

  private settle(): void {
    let points = eachOnce(inOrderOfTime(concatColumns(this.parts)));
    if (points.values.length > this.size) {
      this.hasLeft = true;
      const { steps, values, timestamps } = points;
      points = {
        steps: steps.slice(0, this.size),
        values: values.slice(0, this.size),
        timestamps: timestamps.slice(0, this.size),
      };
    }
    this.parts = [points];
    this.count = points.values.length;
    if (this.count === this.size) this.bound = placeOf(points, this.count - 1);
  }
}
