/** Longest line that is made of what clients told, in characters. */
const MAX_LINE = 2_000;

/** A text as one line, so that it can be a comment of a script, or a line on a screen, and nothing more. */
export function describedLine(text: string): string {
  const line = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ');
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}…`;
}

/** Whether a text can be shown and typed as it is: one line without control characters. */
export const isPlainText = (text: string): boolean =>
  text !== '' && !/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text);
