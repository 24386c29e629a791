const DIGITS = 6; // enough to tell two trainings apart, few enough to read

const short = (value: number) => String(Number(value.toPrecision(DIGITS)));

/** A measured number inside a sentence. */
export const numberText = (value: number): string => (Number.isFinite(value) ? short(value) : String(value));

/** Two numbers side by side: in full where they differ only beyond the usual digits. */
export function numberTexts(a: number, b: number): readonly [string, string] {
  const texts = [numberText(a), numberText(b)] as const;
  return texts[0] === texts[1] && a !== b ? [String(a), String(b)] : texts;
}
