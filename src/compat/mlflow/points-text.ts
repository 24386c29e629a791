import { halvesOf } from '../../kernel/halves';
import { AsciiWriter } from '../../kernel/json/ascii-writer';
import type { PointColumns } from '../../tracking/tracking';
import { JsonText, jsonText } from './answer-json';

/** Characters of a point's numbers at most: two integers of 64 bits and a double. */
const NUMBERS_LENGTH = 2 * 20 + 25;

/** A list of points, as text at once: a page has tens of thousands of them. */
export class PointsText {
  private readonly texts: string[] = [];
  private points = 0;

  get count(): number {
    return this.points;
  }

  /** In the order of the columns. @param runId told with each point, where points of several runs are in one list */
  add(key: string, { steps, values, timestamps }: PointColumns, runId?: string): void {
    if (values.length === 0) return;
    const beforeValue = `{"key":${asciiText(key)},"value":`;
    const beforeTime = ',"timestamp":';
    const beforeStep = ',"step":';
    const end = runId === undefined ? '}' : `,"run_id":${asciiText(runId)}}`;
    const rowLength = `,${beforeValue}${beforeTime}${beforeStep}${end}`.length + NUMBERS_LENGTH;
    const writer = new AsciiWriter(rowLength * values.length);
    const [stepHalves, timeHalves] = [halvesOf(steps), halvesOf(timestamps)];
    for (let row = 0; row < values.length; row++) {
      writer.text(row === 0 ? beforeValue : `,${beforeValue}`);
      writer.text(jsonText(values[row]));
      writer.text(beforeTime);
      writer.integer(timeHalves, row);
      writer.text(beforeStep);
      writer.integer(stepHalves, row);
      writer.text(end);
    }
    this.texts.push(writer.toString());
    this.points += values.length;
  }

  /** Nothing where there are no points, as MLflow leaves out empty lists. */
  list(): JsonText | undefined {
    return this.points === 0 ? undefined : new JsonText(`[${this.texts.join(',')}]`);
  }
}

/** A JSON string of ASCII characters. */
const asciiText = (text: string): string =>
  JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
