/** Levels of a value that are shown: a request may nest one without end, and each level that is written is a call. */
const SHOWN_LEVELS = 10;

/** A value of a request as a sentence shows it: as JSON, with every digit of its whole numbers. */
export function shownValue(value: unknown, levels = SHOWN_LEVELS): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (levels === 0) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => shownValue(item, levels - 1)).join(',')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${shownValue(member, levels - 1)}`,
  );
  return `{${members.join(',')}}`;
}
